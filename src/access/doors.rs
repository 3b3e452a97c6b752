//! Which method every door leads to. What has no row here leads nowhere: its handler gets no permit.

use http::Method as Verb;
use indelible_access::Method;
use indelible_access::table::is_public;

/// The methods of the gRPC services, by path. A path that ends in `/` is a whole service.
pub const GRPC_DOORS: &[(&str, Method)] = &[
    ("/indelible.v1.TransparencyLog/Append", Method::Append),
    ("/indelible.v1.TransparencyLog/AppendBatch", Method::Append),
    ("/indelible.v1.TransparencyLog/AppendStream", Method::Append),
    ("/indelible.v1.TransparencyLog/GetTreeHead", Method::ReadHeads),
    ("/indelible.v1.TransparencyLog/WatchTreeHeads", Method::ReadHeads),
    ("/indelible.v1.TransparencyLog/GetInclusionProof", Method::ReadProofs),
    ("/indelible.v1.TransparencyLog/GetInclusionProofs", Method::ReadProofs),
    ("/indelible.v1.TransparencyLog/GetConsistencyProof", Method::ReadProofs),
    ("/indelible.v1.TransparencyLog/GetEntries", Method::ReadTiles),
    ("/indelible.v1.AuditTrail/Submit", Method::SubmitEvents),
    ("/indelible.v1.AuditTrail/SubmitBatch", Method::SubmitEvents),
    ("/indelible.v1.AuditTrail/SubmitStream", Method::SubmitEvents),
    ("/indelible.v1.AuditTrail/Get", Method::ReadEvents),
    ("/indelible.v1.AuditTrail/Export", Method::ReadEvents),
    ("/indelible.v1.AuditTrail/Watch", Method::ReadEvents),
    ("/grpc.health.v1.Health/", Method::ReadHeads),
    ("/grpc.reflection.v1.ServerReflection/", Method::ReadHeads),
    ("/grpc.reflection.v1alpha.ServerReflection/", Method::ReadHeads),
];

/// The routes of plain HTTP, as the router has them.
pub const HTTP_DOORS: &[(Verb, &str, Method)] = &[
    (Verb::GET, "/checkpoint", Method::ReadHeads),
    (Verb::GET, "/healthz", Method::ReadHeads),
    (Verb::GET, "/keys", Method::ReadHeads),
    (Verb::GET, "/v1/openapi.json", Method::ReadHeads),
    (Verb::POST, "/hooks/{kind}/{name}", Method::Deliver),
    (Verb::GET, "/tile/{level}/{*index}", Method::ReadTiles),
    (Verb::GET, "/tile/entries/{*index}", Method::ReadTiles),
    (Verb::POST, "/add", Method::Append),
    (Verb::POST, "/v1/events", Method::SubmitEvents),
    (Verb::GET, "/v1/events", Method::ReadEvents),
    (Verb::GET, "/v1/events/{index}", Method::ReadEvents),
    (Verb::POST, "/v1/erasures", Method::Erase),
    (Verb::POST, "/v1/holds", Method::Hold),
    (Verb::GET, "/v1/holds", Method::Hold),
    (Verb::POST, "/v1/tokens", Method::ManageTokens),
    (Verb::GET, "/v1/tokens", Method::ManageTokens),
    (Verb::DELETE, "/v1/tokens/{id}", Method::ManageTokens),
    (Verb::POST, "/v1/approvals", Method::Approve),
    (Verb::GET, "/v1/approvals", Method::Approve),
    (Verb::POST, "/v1/approvals/{id}", Method::Approve),
    (Verb::GET, "/v1/access", Method::ReadConfiguration),
    (Verb::GET, "/v1/jwks/{sha256}", Method::ReadProofs),
    (Verb::GET, "/metrics", Method::ReadMetrics),
];

/// What a gRPC path asks for.
pub(super) fn of_call(path: &str) -> Option<Method> {
    let found = GRPC_DOORS.iter().find(|(door, _)| match door.ends_with('/') {
        true => path.starts_with(door),
        false => path == *door,
    });
    found.map(|(_, method)| *method)
}

/// Whether anybody may ask for what a gRPC path asks for.
pub fn is_public_call(path: &str) -> bool {
    of_call(path).is_some_and(is_public)
}

/// What a request of plain HTTP asks for, by the route that it matched. HEAD is GET without the body.
pub(super) fn of_page(verb: &Verb, route: &str) -> Option<Method> {
    let verb = match *verb == Verb::HEAD {
        true => &Verb::GET,
        false => verb,
    };
    let found = HTTP_DOORS
        .iter()
        .find(|(doors_verb, door, _)| door == &route && doors_verb == verb);
    found.map(|(_, _, method)| *method)
}

/// The methods that a route has rows for; a page that can be got has a head.
pub(super) fn methods_of(route: &str) -> impl Iterator<Item = &'static Verb> {
    let rows = HTTP_DOORS.iter().filter(move |(_, door, _)| door == &route);
    rows.flat_map(|(verb, _, _)| match *verb == Verb::GET {
        true => vec![verb, &Verb::HEAD],
        false => vec![verb],
    })
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::wire::DESCRIPTORS;

    /// A method that is added to the protocol without a row here fails this.
    #[test]
    fn every_method_of_the_protocol_has_its_row_and_no_row_is_left_over() {
        let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
        let mut paths = Vec::new();
        for file in &set.file {
            for service in &file.service {
                let name = format!("/{}.{}/", file.package(), service.name());
                paths.extend(service.method.iter().map(|method| format!("{name}{}", method.name())));
            }
        }
        assert!(paths.len() > 10, "{paths:?}");
        for path in &paths {
            let exact = GRPC_DOORS.iter().filter(|(door, _)| door == path).count();
            assert_eq!(exact, 1, "{path} has no row of its own in the table of doors");
        }
        let ours = GRPC_DOORS.iter().filter(|(door, _)| !door.ends_with('/')).count();
        assert_eq!(ours, paths.len());
    }

    #[test]
    fn heads_are_asked_for_like_pages() {
        assert_eq!(of_page(&Verb::HEAD, "/checkpoint"), Some(Method::ReadHeads));
        assert_eq!(of_page(&Verb::POST, "/checkpoint"), None);
        assert_eq!(of_call("/indelible.v1.AuditTrail/Gets"), None);
        assert_eq!(of_call("/grpc.health.v1.Health/Check"), Some(Method::ReadHeads));
    }
}
