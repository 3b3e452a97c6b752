//! Generates the client's stubs and, in a folder of their own, the server stubs that the tests play a dishonest server with.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../../proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let protos = ["log", "audit"].map(|name| format!("../../proto/indelible/v1/{name}.proto"));
    let descriptors = protox::compile(protos, ["../../proto"])?;

    let client = tonic_prost_build::configure().build_server(false);
    client
        .bytes(".")
        .out_dir(folder(&out, "client")?)
        .compile_fds(descriptors.clone())?;
    let server = tonic_prost_build::configure().build_client(false);
    server
        .bytes(".")
        .out_dir(folder(&out, "server")?)
        .compile_fds(descriptors)?;
    Ok(())
}

fn folder(out: &Path, name: &str) -> std::io::Result<PathBuf> {
    let folder = out.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
