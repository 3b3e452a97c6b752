//! Compiles proto/ with protox, so that no protoc need be installed: the stubs of the server and of the benchmark's client, the
//! descriptor set that reflection serves, and client stubs for the tests, which speak to the service as a stranger would.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let into = |name: &str| -> Result<PathBuf, std::io::Error> {
        let folder = Path::new(&out).join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    };
    let service = tonic_prost_build::configure()
        .bytes(".")
        .codec_path("crate::wire::RequestCodec")
        .out_dir(into("service")?);
    service.compile_fds(descriptors.clone())?;
    let client = tonic_prost_build::configure()
        .build_server(false)
        .bytes(".")
        .out_dir(into("client")?);
    client.compile_fds(descriptors)?;
    Ok(())
}

const PROTOS: [&str; 2] = ["proto/indelible/v1/log.proto", "proto/indelible/v1/audit.proto"];
