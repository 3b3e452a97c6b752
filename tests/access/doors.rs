//! Every door that there is, by everybody that there is: what the table does not allow is refused.

use indelible::access::{GRPC_DOORS, HTTP_DOORS, Method};
use indelible_access::table::{Reach, is_public, reach};
use indelible_access::{Grant, Role};
use reqwest::StatusCode;
use serde_json::json;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use crate::place::{Place, Served};

/// Somebody, by the token they send and what they may do.
struct Somebody {
    name: String,
    token: Option<String>,
    grants: Vec<Grant>,
}

impl Somebody {
    fn may(&self, method: Method) -> bool {
        is_public(method) || self.grants.iter().any(|grant| reach(grant.role, method) != Reach::No)
    }
}

async fn everybody(place: &Place, served: &Served) -> Vec<Somebody> {
    let mut all = vec![
        Somebody {
            name: "nobody".to_owned(),
            token: None,
            grants: Vec::new(),
        },
        Somebody {
            name: "a token that nobody made".to_owned(),
            token: Some(indelible_access::token::Token::new(&[5; 32]).expose().to_owned()),
            grants: Vec::new(),
        },
        Somebody {
            name: "something that is no token".to_owned(),
            token: Some("hunter2".to_owned()),
            grants: Vec::new(),
        },
    ];
    for role in Role::ALL {
        let token = served
            .token(&place.admin, &format!("a-{role}"), json!({"role": role}))
            .await;
        all.push(Somebody {
            name: role.to_string(),
            token: Some(token),
            grants: vec![Grant::whole(role)],
        });
    }
    all
}

#[tokio::test]
async fn plain_http_is_what_the_table_says() {
    let place = Place::events();
    let served = place.serve();
    let (mut refused, mut allowed) = (0, 0);
    for somebody in everybody(&place, &served).await {
        for (verb, route, method) in HTTP_DOORS {
            let path = route
                .replace("{level}", "0")
                .replace("{*index}", "000.p/1")
                .replace("{index}", "0")
                .replace("{kind}/{name}", "github/none")
                .replace("{sha256}", &"0".repeat(64))
                .replace("{id}", "0000000000000000");
            // Nothing that could be done is asked for.
            let body = (verb.as_str() == "POST").then(|| json!("nothing"));
            let (status, headers, answer) = served
                .ask(somebody.token.as_deref(), verb.as_str(), &path, body.as_ref())
                .await;
            let what = format!("{} {verb} {path}: {status} {answer}", somebody.name);
            // Whoever counts on this machine needs no token for it; one that does not hold is refused all the same.
            let counts_here =
                *method == Method::ReadMetrics && (somebody.token.is_none() || !somebody.grants.is_empty());
            if somebody.may(*method) || counts_here {
                allowed += 1;
                assert!(
                    ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status),
                    "{what}"
                );
                continue;
            }
            refused += 1;
            let expected = match somebody.grants.is_empty() {
                true => StatusCode::UNAUTHORIZED,
                false => StatusCode::FORBIDDEN,
            };
            assert_eq!(status, expected, "{what}");
            assert_eq!(
                headers.contains_key("www-authenticate"),
                somebody.grants.is_empty(),
                "{what}"
            );
            assert_eq!(headers["content-type"], "application/problem+json", "{what}");
            assert_eq!(answer["status"], expected.as_u16(), "{what}");
        }
    }
    println!("{allowed} allowed, {refused} refused");
    assert!(allowed > 60 && refused > 100);
}

#[tokio::test]
async fn grpc_is_what_the_table_says() {
    let place = Place::events();
    let served = place.serve();
    let channel = served.server.channel().await;
    let (mut refused, mut allowed) = (0, 0);
    for somebody in everybody(&place, &served).await {
        for (path, method) in GRPC_DOORS {
            // Reflection and health are whole services; one method of each will do.
            let path = match path.ends_with('/') {
                true if path.contains("Health") => format!("{path}Check"),
                true => format!("{path}ServerReflectionInfo"),
                false => (*path).to_owned(),
            };
            let mut request = Request::new(());
            if let Some(token) = &somebody.token {
                let value: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
                request.metadata_mut().insert("authorization", value);
            }
            let mut grpc = Grpc::new(channel.clone());
            grpc.ready().await.unwrap();
            let codec = ProstCodec::<(), ()>::default();
            // A stream that is let in has no end; whether it is let in is said at once.
            let answered = grpc.server_streaming(request, path.parse().unwrap(), codec).await;
            let code = match answered {
                Err(status) => status.code(),
                Ok(mut stream) => {
                    let first = tokio::time::timeout(std::time::Duration::from_millis(100), stream.get_mut().message());
                    match first.await {
                        Ok(Err(status)) => status.code(),
                        Ok(Ok(_)) | Err(_) => Code::Ok,
                    }
                }
            };
            let what = format!("{} {path}: {code:?}", somebody.name);
            if somebody.may(*method) {
                allowed += 1;
                assert!(
                    ![Code::Unauthenticated, Code::PermissionDenied].contains(&code),
                    "{what}"
                );
                continue;
            }
            refused += 1;
            let expected = match somebody.grants.is_empty() {
                true => Code::Unauthenticated,
                false => Code::PermissionDenied,
            };
            assert_eq!(code, expected, "{what}");
        }
    }
    println!("{allowed} allowed, {refused} refused");
    assert!(allowed > 60 && refused > 60);
}

#[tokio::test]
async fn tiles_can_be_made_public() {
    let place = Place::events().configured("tiles = \"public\"");
    let served = place.serve();
    served.submit(&place.admin, "x", "y").await;
    let (status, headers, _) = served.ask(None, "GET", "/tile/0/000.p/1", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["cache-control"].to_str().unwrap().starts_with("public"));
    let (status, ..) = served.ask(None, "GET", "/v1/events/0", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let closed = Place::events();
    let served = closed.serve();
    served.submit(&closed.admin, "x", "y").await;
    let (status, ..) = served.ask(None, "GET", "/tile/0/000.p/1", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, headers, _) = served.ask(Some(&closed.admin), "GET", "/tile/0/000.p/1", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["cache-control"].to_str().unwrap().starts_with("private"));
}

/// Tokens are read from one place, and what looks as if it were meant is refused and not passed over.
#[tokio::test]
async fn what_is_sent_twice_or_otherwise_is_refused() {
    let place = Place::events();
    let served = place.serve();
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    let url = format!("{}/v1/tokens", served.server.url);
    let bearer = format!("Bearer {}", place.admin);
    let with = |values: &[&str], url: &str| {
        let mut request = http.get(url);
        for value in values {
            request = request.header("authorization", *value);
        }
        request.send()
    };
    assert_eq!(with(&[&bearer], &url).await.unwrap().status(), StatusCode::OK);
    let lower = bearer.replacen("Bearer", "bearer", 1);
    assert_eq!(with(&[&lower], &url).await.unwrap().status(), StatusCode::OK);
    let basic = format!("Basic {}", place.admin);
    let huge = format!("Bearer idl_{}", "a".repeat(20_000));
    for wrong in [
        &[bearer.as_str(), bearer.as_str()][..],
        &[&place.admin],
        &[&basic],
        &[&huge],
        &["Bearer"],
    ] {
        // One that is too long for a head is refused before anybody reads it.
        let status = with(wrong, &url).await.unwrap().status();
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
        assert!(refused.contains(&status), "{:.40}: {status}", wrong[0]);
    }
    let in_query = format!("{url}?token={0}&access_token={0}", place.admin);
    assert_eq!(with(&[], &in_query).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn the_documentation_has_the_table() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md")).unwrap();
    let table = indelible_access::table::Table.to_string();
    for row in table.lines().map(str::trim_end) {
        assert!(page.lines().any(|line| line == row), "docs/access.md lacks: {row}");
    }
}

/// A door that leads elsewhere than it did is seen by whoever reads the change.
#[test]
fn the_documentation_has_the_doors() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md")).unwrap();
    let row = |verb: &str, path: &str, method: Method| format!("{verb:<7} {path:<52} {method}\n");
    let calls = GRPC_DOORS.iter().map(|(path, method)| row("gRPC", path, *method));
    let pages = HTTP_DOORS
        .iter()
        .map(|(verb, path, method)| row(verb.as_str(), path, *method));
    let doors: String = calls.chain(pages).collect();
    assert!(
        page.contains(&format!("```\n{doors}```\n")),
        "docs/access.md should say:\n{doors}"
    );
}
