//! A client in another language, with stubs that its own tools make from proto/, and its own hashing.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Bed, skipped};
use crate::venv::virtual_environment;

#[test]
fn python_appends_and_verifies_with_stubs_of_its_own() {
    let bed = Bed::with_log();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = ["grpcio", "grpcio-tools", "cryptography"];
    let Some(python) = virtual_environment(&bed.path("venv"), &packages) else {
        return skipped("python3 with venv, and grpcio, grpcio-tools and cryptography from its package index");
    };
    let proto = project.join("proto");
    let made = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "--python_out=.", "--grpc_python_out=."])
        .arg(format!("--proto_path={}", proto.display()))
        .arg(proto.join("indelible/v1/log.proto"))
        .current_dir(bed.path("."))
        .output()
        .unwrap();
    ok(&made);
    let server = bed.serve();
    let ran = Command::new(&python)
        .arg(project.join("tests/e2e/client.py"))
        .args([&format!("127.0.0.1:{}", server.port()), &bed.vkey().to_string()])
        .current_dir(bed.path("."))
        .env("PYTHONPATH", bed.path("."))
        .output()
        .unwrap();
    ok(&ran);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("all of it holds"));
}

fn ok(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}
