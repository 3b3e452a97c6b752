//! Requests: how many, of which route, how they were answered, how long that took.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use http::Method;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prost::Message;
use prost_types::FileDescriptorSet;

use super::histogram::{Histogram, Scale};
use super::page::{Family, Page};

/// The requests of one listener, by route.
///
/// A route is what a handler is registered under, `/v1/events/{index}`, or a method of a gRPC service that this program knows,
/// `/indelible.v1.TransparencyLog/Append`. A path that a client made up belongs to none.
#[derive(Debug)]
pub struct Requests {
    routes: RwLock<HashMap<Arc<str>, Arc<Route>>>,
    /// Requests that no route takes.
    unknown: Arc<Route>,
}

/// Requests of one route.
#[derive(Debug)]
pub struct Route {
    name: Arc<str>,
    streams: Streams,
    in_flight: AtomicU64,
    answers: [[AtomicU64; ANSWERS.len()]; METHODS.len()],
    seconds: Histogram,
}

/// Whether a method takes or gives more than one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// One in, one out, or plain HTTP.
    Neither,
    /// Some of the two has no end of its own: how long it runs says nothing.
    Some,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done: 1xx, 2xx, OK.
    Done,
    /// It is elsewhere or as before: 3xx.
    Elsewhere,
    /// The client's fault: 4xx, and the codes of gRPC that correspond to those.
    Refused,
    /// The service's fault: 5xx, and the codes of gRPC that correspond to those.
    Failed,
    /// Not at all: the client went away before.
    Abandoned,
}

/// A request that is being answered. Dropped without an answer, its client has gone away.
#[derive(Debug)]
pub struct InFlight {
    route: Arc<Route>,
    method: usize,
    began: Instant,
    answered: bool,
}

impl Requests {
    /// Knows the methods of the services in these compiled descriptor sets.
    pub fn of_services(descriptors: &[&[u8]]) -> Requests {
        let methods = descriptors.iter().flat_map(|set| methods(set));
        let routes = methods.map(|(name, streams)| {
            let name: Arc<str> = name.into();
            (name.clone(), Arc::new(Route::new(name, streams)))
        });
        Requests {
            routes: RwLock::new(routes.collect()),
            unknown: Arc::new(Route::new("unknown".into(), Streams::Neither)),
        }
    }

    /// The route of a request for `path` that was registered as `matched`. Costs a look into a map.
    pub fn route(&self, matched: Option<&str>, path: &str) -> Arc<Route> {
        let Some(matched) = matched else {
            return self.unknown.clone();
        };
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        // Of a gRPC service only the name is registered.
        let named = matched.ends_with(ANY_METHOD).then(|| routes.get(path)).flatten();
        if let Some(route) = named.or_else(|| routes.get(matched)) {
            return route.clone();
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES_MAX {
            return self.unknown.clone();
        }
        let name: Arc<str> = matched.into();
        let made = || Arc::new(Route::new(name.clone(), Streams::Neither));
        routes.entry(name.clone()).or_insert_with(made).clone()
    }
}

impl Route {
    fn new(name: Arc<str>, streams: Streams) -> Route {
        Route {
            name,
            streams,
            in_flight: AtomicU64::new(0),
            answers: Default::default(),
            seconds: Histogram::new(&Scale::SECONDS),
        }
    }

    /// As it is registered.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it takes or gives more than one message.
    pub fn streams(&self) -> Streams {
        self.streams
    }

    /// A request of this method begins.
    pub fn begin(self: &Arc<Route>, method: &Method) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight {
            route: self.clone(),
            method: place_of(method),
            began: Instant::now(),
            answered: false,
        }
    }

    fn count(&self, method: usize, answer: Answer) {
        self.answers[method][answer as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were answered so.
    pub fn answered(&self, answer: Answer) -> u64 {
        let of_method = |answers: &[AtomicU64; ANSWERS.len()]| answers[answer as usize].load(Ordering::Relaxed);
        self.answers.iter().map(of_method).sum()
    }
}

impl InFlight {
    /// The method, as one of those that are told apart.
    pub fn method(&self) -> &'static str {
        METHODS[self.method]
    }

    /// When it began.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The head of the answer is there.
    pub fn head(&self) {
        self.route.seconds.observe_time(self.began.elapsed());
    }

    /// The answer is complete.
    pub fn end(mut self, answer: Answer) {
        self.answered = true;
        self.route.count(self.method, answer);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.route.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.answered {
            self.route.count(self.method, Answer::Abandoned);
        }
    }
}

impl Answer {
    /// By the status of HTTP.
    pub fn of_status(status: http::StatusCode) -> Answer {
        match status.as_u16() {
            ..300 => Answer::Done,
            300..400 => Answer::Elsewhere,
            400..500 => Answer::Refused,
            500.. => Answer::Failed,
        }
    }

    /// By the code of gRPC, as google.rpc.Code maps it to HTTP.
    pub fn of_code(code: tonic::Code) -> Answer {
        use tonic::Code;
        match code {
            Code::Ok => Answer::Done,
            Code::Cancelled
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unauthenticated
            // 501 for them, but it is the client that asks for what there is not.
            | Code::Unimplemented => Answer::Refused,
            Code::Unknown
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Answer::Failed,
        }
    }
}

impl Collector for Requests {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut routes: Vec<Arc<Route>> = {
            let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
            routes.values().cloned().chain([self.unknown.clone()]).collect()
        };
        routes.retain(|route| route.seconds.count() > 0 || route.in_flight.load(Ordering::Relaxed) > 0);
        routes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut page = Page::on(encoder);
        let help = "Requests that have ended, by route, method and class of the answer";
        page.family("indelible_requests", help, MetricType::Counter, |family| {
            routes.iter().try_for_each(|route| write_answers(route, family))
        })?;
        let help = "Time to the head of an answer, in seconds";
        page.family("indelible_request_seconds", help, MetricType::Histogram, |family| {
            let mut write = |route: &Arc<Route>| family.histogram(&[("route", &route.name)], &route.seconds);
            routes.iter().try_for_each(&mut write)
        })?;
        let help = "Requests that are being answered; streams until they end";
        page.family("indelible_requests_in_flight", help, MetricType::Gauge, |family| {
            routes
                .iter()
                .try_for_each(|route| family.gauge(&[("route", &route.name)], route.in_flight.load(Ordering::Relaxed)))
        })
    }
}

fn write_answers(route: &Route, family: &mut Family<'_>) -> fmt::Result {
    for (method, answers) in METHODS.iter().zip(&route.answers) {
        for (class, count) in ANSWERS.iter().zip(answers) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                family.counter(&[("route", &route.name), ("method", method), ("class", class)], count)?;
            }
        }
    }
    Ok(())
}

/// The full names of all methods, as paths.
fn methods(descriptors: &[u8]) -> Vec<(String, Streams)> {
    let set = FileDescriptorSet::decode(descriptors).expect("the descriptors were made by the build");
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let streams = match method.client_streaming() || method.server_streaming() {
                    true => Streams::Some,
                    false => Streams::Neither,
                };
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                methods.push((path, streams));
            }
        }
    }
    methods
}

fn place_of(method: &Method) -> usize {
    let name = method.as_str();
    METHODS
        .iter()
        .position(|known| *known == name)
        .unwrap_or(METHODS.len() - 1)
}

/// Methods that are told apart. Clients may make up others.
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "other"];

/// In the order of [`Answer`].
const ANSWERS: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "abandoned"];

/// How tonic registers the methods of a service.
const ANY_METHOD: &str = "/{*rest}";

/// There are some sixty; those beyond share a name.
const ROUTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_route_is_a_template_or_a_method_that_is_known_and_nothing_else() {
        let requests = Requests::of_services(&[crate::wire::DESCRIPTORS]);
        let service = "/indelible.v1.TransparencyLog/{*rest}";
        for (matched, path, expected) in [
            (
                Some(service),
                "/indelible.v1.TransparencyLog/Append",
                "/indelible.v1.TransparencyLog/Append",
            ),
            (Some(service), "/indelible.v1.TransparencyLog/Secret", service),
            (Some("/v1/events/{index}"), "/v1/events/7", "/v1/events/{index}"),
            (Some("/checkpoint"), "/checkpoint", "/checkpoint"),
            (None, "/indelible.v1.TransparencyLog/Append", "unknown"),
            (None, "/secret", "unknown"),
        ] {
            assert_eq!(&**requests.route(matched, path).name(), expected, "{path}");
        }
        let stream = requests.route(Some(service), "/indelible.v1.TransparencyLog/AppendStream");
        assert_eq!(stream.streams(), Streams::Some);
    }

    #[test]
    fn templates_beyond_the_limit_share_a_name() {
        let requests = Requests::of_services(&[]);
        for number in 0..2 * ROUTES_MAX {
            requests.route(Some(&format!("/{number}")), "/");
        }
        assert_eq!(requests.routes.read().unwrap().len(), ROUTES_MAX);
    }

    #[test]
    fn whose_fault_an_answer_is_both_protocols_say_alike() {
        use tonic::Code;
        for (status, code, answer) in [
            (200, Code::Ok, Answer::Done),
            (400, Code::InvalidArgument, Answer::Refused),
            (401, Code::Unauthenticated, Answer::Refused),
            (403, Code::PermissionDenied, Answer::Refused),
            (429, Code::ResourceExhausted, Answer::Refused),
            (500, Code::Internal, Answer::Failed),
            (503, Code::Unavailable, Answer::Failed),
            (504, Code::DeadlineExceeded, Answer::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                (Answer::of_status(status), Answer::of_code(code)),
                (answer, answer),
                "{status} {code:?}"
            );
        }
    }

    #[test]
    fn what_is_dropped_was_abandoned() {
        let requests = Requests::of_services(&[]);
        let route = requests.route(Some("/"), "/");
        drop(route.begin(&Method::GET));
        route
            .begin(&Method::GET)
            .end(Answer::of_status(StatusCode::NOT_MODIFIED));
        let made_up = Method::from_bytes(b"MADEUP").unwrap();
        assert_eq!(route.begin(&made_up).method(), "other");
        assert_eq!(route.answered(Answer::Abandoned), 2);
        assert_eq!(route.answered(Answer::Elsewhere), 1);
        assert_eq!(route.in_flight.load(Ordering::Relaxed), 0);
    }

    /// A pinned bound, generous for a busy machine and a build without optimisation: what a request costs here is a look into a map
    /// and eight additions. Printed, so that a release build tells the figure.
    #[test]
    fn counting_a_request_costs_next_to_nothing() {
        const ROUNDS: u32 = 200_000;
        let requests = Requests::of_services(&[crate::wire::DESCRIPTORS]);
        let began = Instant::now();
        for _ in 0..ROUNDS {
            let route = requests.route(Some("/indelible.v1.TransparencyLog/{*rest}"), APPEND);
            let in_flight = route.begin(&Method::POST);
            in_flight.head();
            in_flight.end(Answer::Done);
        }
        let each = began.elapsed() / ROUNDS;
        eprintln!("a request costs {each:?}");
        assert!(each.as_micros() < 20, "{each:?}");
        assert_eq!(
            requests
                .route(Some("/indelible.v1.TransparencyLog/{*rest}"), APPEND)
                .answered(Answer::Done),
            u64::from(ROUNDS)
        );
    }

    const APPEND: &str = "/indelible.v1.TransparencyLog/Append";
}
