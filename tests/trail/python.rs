//! A client in another language, with stubs that its own tools make from proto/, and its own hashing.

use std::path::Path;
use std::process::{Command, Output};

use crate::bed::{skipped, stderr, stdout};
use crate::support::bed;
use crate::venv::virtual_environment;

#[test]
fn python_submits_and_verifies_with_stubs_of_its_own() {
    let bed = bed();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(python) = virtual_environment(&bed.path("venv"), &["grpcio", "grpcio-tools"]) else {
        return skipped("python3 with venv, and grpcio and grpcio-tools from its package index");
    };
    let proto = project.join("proto");
    let made = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "--python_out=.", "--grpc_python_out=."])
        .arg(format!("--proto_path={}", proto.display()))
        .args(["log", "audit"].map(|name| proto.join(format!("indelible/v1/{name}.proto"))))
        .current_dir(bed.path("."))
        .output()
        .unwrap();
    ok(&made);
    let server = bed.serve();
    let ran = Command::new(&python)
        .arg(project.join("tests/trail/client.py"))
        .arg(format!("127.0.0.1:{}", server.port()))
        .current_dir(bed.path("."))
        .env("PYTHONPATH", bed.path("."))
        .output()
        .unwrap();
    ok(&ran);
    assert!(stdout(&ran).contains("all of it holds"));
}

fn ok(output: &Output) {
    assert!(output.status.success(), "{}\n{}", stdout(output), stderr(output));
}
