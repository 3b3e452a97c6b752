//! All that the service has answered.

#[derive(Default)]
pub(crate) struct Answers(Vec<(String, Vec<u8>)>);

impl Answers {
    pub(crate) fn add(&mut self, what: &str, answer: impl Into<Vec<u8>>) {
        self.0.push((what.to_owned(), answer.into()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(what, answer)| (what.as_str(), answer.as_slice()))
    }

    pub(crate) fn all(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(_, answer)| answer.clone()).collect()
    }
}
