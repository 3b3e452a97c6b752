//! How requests are decoded: as prost does it, once there is room for what becomes of them.

use std::any::TypeId;
use std::marker::PhantomData;

use bytes::Buf;
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::ProstCodec;

use super::{AppendBatchRequest, ExportRequest, GetInclusionProofsRequest, SubmitBatchRequest};
use crate::room::messages;

/// The codec of the generated stubs.
///
/// A field of two bytes becomes a value of 150: so those that may be repeated are counted before any is made, and there must be room
/// for them ([`messages`]). That costs some nanoseconds for each.
#[derive(Debug)]
pub struct RequestCodec<T, U>(PhantomData<(T, U)>);

/// What counts.
#[derive(Debug)]
pub struct CountingDecoder<D> {
    decoder: D,
}

impl<T, U> Default for RequestCodec<T, U> {
    fn default() -> Self {
        RequestCodec(PhantomData)
    }
}

impl<T, U> Codec for RequestCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = CountingDecoder<<ProstCodec<T, U> as Codec>::Decoder>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        CountingDecoder {
            decoder: ProstCodec::<T, U>::default().decoder(),
        }
    }
}

impl<D> Decoder for CountingDecoder<D>
where
    D: Decoder<Error = Status>,
    D::Item: 'static,
{
    type Item = D::Item;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<D::Item>, Status> {
        if let Some(repeated) = Repeated::of::<D::Item>() {
            messages::charge(repeated.weight(buf.chunk())?)?;
        }
        self.decoder.decode(buf)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.decoder.buffer_settings()
    }
}

/// What of a request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeated {
    /// Fields of their own, each of which becomes a value of so many bytes.
    Fields(usize),
    /// Numbers, of which each byte may be one.
    Packed,
}

impl Repeated {
    /// Of the requests that have such. A test holds this against the protocol.
    fn of<T: 'static>() -> Option<Repeated> {
        let kind = TypeId::of::<T>();
        let all = [
            (TypeId::of::<SubmitBatchRequest>(), Repeated::Fields(SUBMISSION_BYTES)),
            (TypeId::of::<AppendBatchRequest>(), Repeated::Fields(BYTES_BYTES)),
            (TypeId::of::<ExportRequest>(), Repeated::Fields(BYTES_BYTES)),
            (TypeId::of::<GetInclusionProofsRequest>(), Repeated::Packed),
        ];
        all.into_iter()
            .find(|(of, _)| *of == kind)
            .map(|(_, repeated)| repeated)
    }

    /// How much memory they take at most while they are made: a list that grows has its old half beside the new one.
    fn weight(self, message: &[u8]) -> Result<usize, Status> {
        match self {
            Repeated::Packed => Ok(GROWTH * size_of::<u64>() * message.len()),
            Repeated::Fields(bytes) => Ok(GROWTH * bytes * fields(message)?),
        }
    }
}

/// How many fields a message has. What cannot be read is for the decoder to tell.
fn fields(mut message: &[u8]) -> Result<usize, Status> {
    let mut count = 0;
    while message.has_remaining() {
        count += 1;
        if count > FIELDS_MAX {
            return Err(Status::invalid_argument(format!(
                "the message has more than {FIELDS_MAX} fields, which is more than any request may have"
            )));
        }
        let skipped = decode_key(&mut message)
            .and_then(|(tag, kind)| skip_field(kind, tag, &mut message, DecodeContext::default()));
        if skipped.is_err() {
            break;
        }
    }
    Ok(count)
}

/// A batch has 10,000 elements at most, which its handler says in better words.
const FIELDS_MAX: usize = 16 << 10;

/// A list has room for twice what is in it at most, and while it grows its old half lies beside.
const GROWTH: usize = 3;

/// A submission in memory, its texts not counted.
const SUBMISSION_BYTES: usize = 192;

/// The same of bytes or a text.
const BYTES_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use prost_types::FileDescriptorSet;
    use prost_types::field_descriptor_proto::Label;

    use super::*;
    use crate::wire::{DESCRIPTORS, SubmissionMessage};

    #[test]
    fn a_value_is_no_larger_than_it_is_counted() {
        assert!(size_of::<SubmissionMessage>() <= SUBMISSION_BYTES);
        assert!(size_of::<bytes::Bytes>().max(size_of::<String>()) <= BYTES_BYTES);
    }

    /// A request that gets a repeated field must be counted here.
    #[test]
    fn every_request_with_a_repeated_field_is_counted() {
        let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
        let mut repeating = Vec::new();
        for file in &set.file {
            let named = |name: &str| {
                let short = name.rsplit('.').next().unwrap().to_owned();
                set.file
                    .iter()
                    .flat_map(|file| &file.message_type)
                    .find(|one| one.name() == short)
                    .unwrap()
                    .clone()
            };
            for method in file.service.iter().flat_map(|service| &service.method) {
                let mut kinds = vec![(named(method.input_type()), true)];
                while let Some((kind, is_top)) = kinds.pop() {
                    for field in &kind.field {
                        if field.label() == Label::Repeated {
                            assert!(is_top, "{} is repeated further in", field.name());
                            repeating.push(kind.name().to_owned());
                        }
                        if field.type_name().starts_with(".indelible") && !field.type_name().ends_with(".Wait") {
                            kinds.push((named(field.type_name()), false));
                        }
                    }
                }
            }
        }
        repeating.sort();
        repeating.dedup();
        let counted = [
            "AppendBatchRequest",
            "ExportRequest",
            "GetInclusionProofsRequest",
            "SubmitBatchRequest",
        ];
        assert_eq!(repeating, counted);
        assert!(Repeated::of::<ExportRequest>().is_some() && Repeated::of::<crate::wire::AppendRequest>().is_none());
    }

    #[test]
    fn fields_are_counted_before_they_are_made_and_too_many_are_refused() {
        let batch = |count: usize| SubmitBatchRequest {
            submissions: vec![SubmissionMessage::default(); count],
            ..SubmitBatchRequest::default()
        };
        assert_eq!(fields(&batch(10_000).encode_to_vec()).unwrap(), 10_000);
        let refused = fields(&batch(FIELDS_MAX + 1).encode_to_vec()).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        assert_eq!(
            fields(&[0x0a, 0xff]).unwrap(),
            1,
            "it is for the decoder to say that this is none"
        );
    }
}
