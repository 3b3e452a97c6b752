//! Certificates that are renewed, revoked, broken, or expire while the service runs.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use indelible_client::{ClientCertificate, HttpOptions, http_client};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber, date_time_ymd,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status, Streaming};

use crate::crl::crl;
use crate::place::{Place, Served, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::transparency_log_client::TransparencyLogClient;
use crate::stubs::{WatchRequest, WatchResponse, WatchTreeHeadsRequest};

const SPIFFE: &str = "spiffe://example.com/ci/reader";

/// Longer than the service takes to see that a file is another one, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A log over TLS that asks clients for certificates, with those who make them.
struct Secured {
    place: Place,
    served: Served,
    authority: Issuer<'static, KeyPair>,
    /// The service's own certificate.
    own: String,
}

/// A certificate with its key, in PEM.
#[derive(Clone)]
struct Pair {
    cert: String,
    key: String,
}

impl Pair {
    fn of_server() -> Pair {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names.to_vec()).unwrap();
        Pair {
            cert: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }
    }
}

impl Secured {
    fn serve() -> Secured {
        let place = Place::events().configured(&format!(
            "[[certificate]]\nsan = \"{SPIFFE}\"\ngrants = [{{ role = \"auditor\" }}]\n"
        ));
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        place.bed.write("ca.pem", params.self_signed(&key).unwrap().pem());
        let authority = Issuer::new(params, key);
        place.bed.write("ca.crl", crl(&authority, &[]));
        let own = Pair::of_server();
        place.bed.write("cert.pem", &own.cert);
        place.bed.write("key.pem", &own.key);
        let variables = [
            ("INDELIBLE_TLS_CERT", "cert.pem"),
            ("INDELIBLE_TLS_KEY", "key.pem"),
            ("INDELIBLE_CLIENT_CA", "ca.pem"),
            ("INDELIBLE_CLIENT_CRL", "ca.crl"),
        ];
        let served = place.serve_as(&variables, &trusting(&own.cert));
        Secured {
            place,
            served,
            authority,
            own: own.cert,
        }
    }

    fn client(&self, serial: u8, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names.push(SanType::URI(SPIFFE.try_into().unwrap()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(vec![serial]));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Pair {
            cert: params.signed_by(&key, &self.authority).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    async fn channel(&self, shown: &Pair) -> Result<Channel, tonic::transport::Error> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.own))
            .domain_name("localhost")
            .identity(Identity::from_pem(&shown.cert, &shown.key));
        let endpoint = Endpoint::from_shared(self.served.server.url.clone()).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await
    }

    /// A stream of events, of which the first have come.
    async fn watch(&self, channel: Channel) -> Streaming<WatchResponse> {
        let request = WatchRequest {
            start: Some(0),
            ..WatchRequest::default()
        };
        let mut client = AuditTrailClient::new(channel);
        let mut watched = client.watch(request).await.unwrap().into_inner();
        assert!(watched.message().await.unwrap().is_some());
        watched
    }

    /// Puts a file in the place of another one, as those do who renew certificates.
    fn replace(&self, name: &str, content: &str) -> PathBuf {
        let new = self.place.bed.write(&format!("{name}.new"), content);
        let path = self.place.bed.path(name);
        std::fs::rename(new, &path).unwrap();
        path
    }

    async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.served.server.url);
        let answer = self.served.http.get(url).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Waits until a line of the metrics is this.
    async fn until_metric(&self, line: &str) -> String {
        let began = Instant::now();
        loop {
            let text = self.metrics().await;
            if text.lines().any(|one| one == line) {
                return text;
            }
            assert!(began.elapsed() < SOON, "{line:?} is not in {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether a new connection is served by whoever `pem` is the certificate of.
    async fn is_served_by(&self, pem: &str) -> bool {
        let http = http_client(&trusting(pem)).unwrap();
        let url = format!("{}/checkpoint", self.served.server.url);
        http.get(url)
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
    }

    /// Whether a new connection of a client with this certificate is served.
    async fn serves(&self, shown: &Pair) -> bool {
        let certificate =
            ClientCertificate::from_pem(shown.cert.clone().into_bytes(), shown.key.clone().into_bytes().into());
        let options = HttpOptions {
            client_certificate: Some(certificate.unwrap()),
            ..trusting(&self.own)
        };
        let url = format!("{}/checkpoint", self.served.server.url);
        http_client(&options).unwrap().get(url).send().await.is_ok()
    }

    /// What comes with the next events.
    async fn goes_on(&self, watched: &mut Streaming<WatchResponse>) {
        self.served.submit(&self.place.admin, "x", "after").await;
        let more = tokio::time::timeout(SOON, watched.message()).await.unwrap();
        assert!(more.unwrap().is_some());
    }
}

fn trusting(pem: &str) -> HttpOptions {
    HttpOptions {
        ca_certificates: Some(pem.as_bytes().to_vec()),
        ..HttpOptions::default()
    }
}

/// How a stream ends, whatever it still had to say, if it does so soon and without anything that happens in the log.
async fn ends<T>(stream: &mut Streaming<T>) -> Status {
    let ended = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended as if all had been said"),
                Err(status) => return status,
            }
        }
    };
    tokio::time::timeout(SOON, ended).await.unwrap()
}

#[tokio::test]
async fn a_renewed_one_is_served_and_a_broken_one_is_not_and_is_told_of() {
    let mut secured = Secured::serve();
    let client = secured.client(1, |_| {});
    let channel = secured.channel(&client).await.unwrap();
    let mut watched = secured.watch(channel).await;

    let (old, new) = (secured.own.clone(), Pair::of_server());
    secured.replace("cert.pem", &new.cert);
    secured.replace("key.pem", &new.key);
    let began = Instant::now();
    while !secured.is_served_by(&new.cert).await {
        assert!(began.elapsed() < SOON, "the new certificate is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("a renewed certificate was served after {:?}", began.elapsed());
    assert!(!secured.is_served_by(&old).await);
    secured.own.clone_from(&new.cert);
    secured.served.http = http_client(&trusting(&new.cert)).unwrap();
    // Whoever was connected before is not disturbed.
    secured.goes_on(&mut watched).await;
    let found = secured
        .served
        .found(
            &secured.place.admin,
            "action=indelible.configured&source=indelible/audit",
        )
        .await;
    let hash = |event: &Value| member(event, "changes")[0]["after"]["tls_cert"].clone();
    let sha256 = |pem: &str| Value::from(data_encoding::HEXLOWER.encode(&Sha256::digest(pem)));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        [hash(&found[0]), hash(&found[1])],
        [sha256(&new.cert), sha256(&old)],
        "what is served is on the record"
    );
    assert_eq!(member(&found[0], "targets")[0]["id"], "tls");
    let metrics = secured.until_metric("indelible_tls_reloads_total 1").await;
    assert!(metrics.contains("\nindelible_tls_files_refused 0\n"), "{metrics}");
    assert!(
        metrics.contains("\nindelible_tls_reloads_failed_total 0\n"),
        "{metrics}"
    );

    secured.replace(
        "cert.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let metrics = secured.until_metric("indelible_tls_files_refused 1").await;
    assert!(
        metrics.contains("\nindelible_tls_reloads_failed_total 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("\nindelible_tls_certificate_expiry_timestamp_seconds "),
        "{metrics}"
    );
    assert!(secured.is_served_by(&new.cert).await, "what was read before goes on");
    secured.goes_on(&mut watched).await;
    let url = format!("{}/healthz", secured.served.server.url);
    let health = secured.served.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(
        health.starts_with("degraded: ") && health.contains("files of TLS"),
        "{health}"
    );
    let mut doctor = secured
        .place
        .bed
        .command(&["doctor", "--data", "log", "--ca", "trusted.pem"]);
    secured.place.bed.write("trusted.pem", &new.cert);
    doctor.args(["--url", &secured.served.server.url]);
    for name in ["TLS_CERT", "TLS_KEY"] {
        let file = name.trim_start_matches("TLS_").to_lowercase();
        doctor.env(
            format!("INDELIBLE_{name}"),
            secured.place.bed.path(&format!("{file}.pem")),
        );
    }
    let told = String::from_utf8(crate::bed::ended(doctor).stdout).unwrap();
    for (health, check) in [("bad", "certificate"), ("warn", "service")] {
        let line = |line: &str| line.starts_with(health) && line.contains(check);
        assert!(told.lines().any(line), "{health} {check}: {told}");
    }

    // One that has expired is no better, and one whose key is another's neither. SIGHUP asks for it at once.
    let mut expired = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let key = KeyPair::generate().unwrap();
    secured.replace("cert.pem", &expired.self_signed(&key).unwrap().pem());
    secured.replace("key.pem", &key.serialize_pem());
    let pid = rustix::process::Pid::from_raw(i32::try_from(secured.served.server.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(secured.is_served_by(&new.cert).await);
    secured.replace("cert.pem", &new.cert);
    secured.replace("key.pem", &new.key);
    secured.until_metric("indelible_tls_files_refused 0").await;
    let (status, said) = secured.served.server.stop();
    assert!(status.success(), "{status}: {said:#?}");
    let refusals = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    assert_eq!(
        refusals("cannot be read again; those from before go on"),
        refusals("ERROR"),
        "{said:#?}"
    );
    assert_eq!(refusals("is not in force"), 1, "{said:#?}");
}

#[tokio::test]
async fn a_revoked_one_is_refused_and_what_it_has_open_ends() {
    let secured = Secured::serve();
    let [kept, gone] = [1, 2].map(|serial| secured.client(serial, |_| {}));
    let mut watched_by_kept = secured.watch(secured.channel(&kept).await.unwrap()).await;
    let channel = secured.channel(&gone).await.unwrap();
    let mut heads = TransparencyLogClient::new(channel.clone())
        .watch_tree_heads(WatchTreeHeadsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut watched_by_gone = secured.watch(channel.clone()).await;

    let began = Instant::now();
    secured.replace("ca.crl", &crl(&secured.authority, &[2]));
    let status = ends(&mut watched_by_gone).await;
    println!("a stream ended {:?} after its certificate was revoked", began.elapsed());
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert!(status.message().contains("revoked"), "{status:?}");
    let status = ends(&mut heads).await;
    assert_eq!(
        status.code(),
        Code::Unauthenticated,
        "what everybody may read ends too: {status:?}"
    );
    secured.goes_on(&mut watched_by_kept).await;
    assert!(!secured.serves(&gone).await);
    assert!(secured.serves(&kept).await);
    let again = AuditTrailClient::new(channel).watch(WatchRequest::default()).await;
    assert!(again.is_err(), "its connection is gone, and it gets no other");
    let ended = "indelible_connections_ended_total{reason=\"certificate\"} 1";
    secured.until_metric(ended).await;

    // A list that cannot be read takes nothing back.
    secured.replace("ca.crl", "nothing");
    secured.until_metric("indelible_tls_files_refused 1").await;
    assert!(!secured.serves(&gone).await);
    secured.goes_on(&mut watched_by_kept).await;
}

#[tokio::test]
async fn a_stream_ends_when_its_certificate_expires() {
    let secured = Secured::serve();
    let until = SystemTime::now() + Duration::from_secs(8);
    let short = secured.client(3, |params| params.not_after = until.into());
    let channel = secured.channel(&short).await.unwrap();
    let mut heads = TransparencyLogClient::new(channel.clone())
        .watch_tree_heads(WatchTreeHeadsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut watched = secured.watch(channel).await;
    for status in [ends(&mut watched).await, ends(&mut heads).await] {
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
        assert!(status.message().contains("certificate has expired"), "{status:?}");
    }
    let late = SystemTime::now()
        .duration_since(until - Duration::from_secs(1))
        .unwrap();
    println!("streams ended at most {late:?} after their certificate");
    assert!(late < Duration::from_secs(10), "{late:?}");
    secured
        .until_metric("indelible_connections_ended_total{reason=\"certificate\"} 1")
        .await;
}
