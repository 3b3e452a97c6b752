//! The public test log: with its key and its fifteen entries the service must emit, byte for byte, the checkpoints that other
//! implementations emit.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Bed, vectors};

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_of_the_public_test_log_are_byte_identical() {
    let vectors = std::fs::read_to_string(vectors().join("tessera-testdata-log.json")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&vectors).unwrap();
    let bed = Bed::new();
    let key = bed.write("test.key", log["private_key"].as_str().unwrap());
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let made = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "example.com/log/testdata",
        "--data",
        "log",
        "--key",
        "test.key",
    ]);
    assert_eq!(
        String::from_utf8(made.stdout).unwrap().trim(),
        log["vkey"].as_str().unwrap()
    );

    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let expected = |size: usize| log["checkpoints"][size.to_string()].as_str().unwrap().to_owned();
    assert_eq!(String::from_utf8(server.get("/checkpoint").1).unwrap(), expected(0));
    for (index, leaf) in log["leaves_utf8"].as_array().unwrap().iter().enumerate() {
        let entry = leaf.as_str().unwrap().to_owned();
        let receipt = client.append(entry.into()).await.unwrap();
        assert_eq!(receipt.index(), index as u64);
        assert_eq!(receipt.checkpoint().note().to_string(), expected(index + 1));
        assert_eq!(
            String::from_utf8(server.get("/checkpoint").1).unwrap(),
            expected(index + 1)
        );
    }
}
