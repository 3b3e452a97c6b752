//! What the hook's content type makes of a payload.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The JSON of a body: the body itself, or its field `payload` if the hook is set to send a form.
///
/// Which of the two it is says the body, which is signed, not the header, which is not. A form is UTF-8 and has the field once.
pub(super) fn json(body: &[u8]) -> Result<Cow<'_, [u8]>, NoPayload> {
    if !body.starts_with(b"payload=") {
        return Ok(Cow::Borrowed(body));
    }
    // The form's reader puts a mark for what is not UTF-8; a payload with such a mark would be another payload.
    percent_decode(body).decode_utf8().map_err(|_| NoPayload::NotUtf8)?;
    let mut fields = form_urlencoded::parse(body).filter(|(name, _)| name == "payload");
    match (fields.next(), fields.next()) {
        (Some((_, payload)), None) => Ok(Cow::Owned(payload.into_owned().into_bytes())),
        _ => Err(NoPayload::Repeated),
    }
}

/// Why a form has no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPayload {
    #[error("the form is not UTF-8")]
    NotUtf8,
    #[error("the form has more than one field `payload`")]
    Repeated,
}
