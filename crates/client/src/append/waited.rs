/// What came of an append that waited for witnesses. It is in the log in either case.
#[derive(Clone, Debug)]
pub enum Waited<T> {
    /// The log says that enough witnesses vouch for the head of this; their cosignatures stand in its note.
    Witnessed(T),
    /// They did not in time: the head has the signature of the log, and whatever else it has.
    Durable(T),
}

impl<T> Waited<T> {
    /// What was appended.
    pub fn into_inner(self) -> T {
        match self {
            Waited::Witnessed(appended) | Waited::Durable(appended) => appended,
        }
    }
}
