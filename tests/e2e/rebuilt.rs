//! Everything but the journal can be lost and is made anew, as docs/operations.md says.

use bytes::Bytes;
use indelible_merkle::Hash;

use crate::given::Given;
use crate::stubs::{GetInclusionProofRequest, get_inclusion_proof_request::Entry};
use crate::support::Bed;

/// Of a log of events the tables of keys and of search come back too, and a new secret under which they are made.
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_made_from_a_log_of_events_comes_back() {
    let bed = Bed::with_log_of("events");
    let keys = bed.vkey().into();
    let mut given = Given::of(&bed);
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    for batch in 0..4 {
        given
            .submit(&client, (0..100).map(|number| format!("ada/{batch}-{number}")))
            .await;
    }
    given.deliver(&server, "octocat", 20).await;
    given.check(&server, &keys).await;
    server.stop();

    // One after the other, and in the end all together.
    let made = [
        "state.sqlite",
        "events.sqlite",
        "keys.sqlite",
        "dedupe.key",
        "erasures.json",
        "tree.sled",
        "",
    ];
    for gone in made {
        for entry in std::fs::read_dir(bed.log()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_made = made[..6].iter().any(|made| name.starts_with(made));
            if !is_made || !name.starts_with(gone) {
                continue;
            }
            match path.is_dir() {
                true => {
                    let volumes = std::fs::read_dir(path).unwrap();
                    volumes.for_each(|volume| std::fs::remove_dir_all(volume.unwrap().path()).unwrap());
                }
                false => std::fs::remove_file(path).unwrap(),
            }
        }
        let server = bed.serve();
        given.check(&server, &keys).await;
        server.stop();
    }
    let fsck = bed.run(&["fsck", "--data", "log"]);
    assert!(fsck.status.success(), "{fsck:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tree_leaf_index_and_configuration_come_back() {
    let bed = Bed::with_log();
    let key = bed.vkey();
    let entries: Vec<Bytes> = (0..1_300)
        .map(|number| Bytes::from(format!("entry {number}")))
        .collect();
    let server = bed.serve();
    let run = server
        .client(key.clone())
        .await
        .append_batch(entries.clone())
        .await
        .unwrap();
    server.stop();

    for volume in std::fs::read_dir(bed.path("log/tree.sled")).unwrap() {
        std::fs::remove_dir_all(volume.unwrap().path()).unwrap();
    }
    for file in std::fs::read_dir(bed.log()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("state.sqlite") || name == "indelible.toml" || name == "lock" {
            std::fs::remove_file(path).unwrap();
        }
    }

    let server = bed.serve();
    let client = server.client(key.clone()).await;
    let head = client.head().await.unwrap();
    assert_eq!(head.head(), run.head().head(), "the same tree, under the same head");
    for (index, entry) in (0u64..).zip(&entries) {
        let receipt = client.prove(index).await.unwrap();
        receipt.verify(Hash::leaf(entry), &key).unwrap();
    }
    let by_hash = Entry::LeafHash(Bytes::copy_from_slice(Hash::leaf(&entries[777]).as_bytes()));
    let mut stub = server.stub().await;
    let request = GetInclusionProofRequest {
        entry: Some(by_hash),
        tree_size: None,
    };
    while stub
        .get_inclusion_proof(request.clone())
        .await
        .is_err_and(|status| status.code() == tonic::Code::Unavailable)
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(stub.get_inclusion_proof(request).await.unwrap().into_inner().index, 777);

    // A quiet log is sealed again, and what was sealed is what is read after the next start.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    server.kill();
    let server = bed.serve();
    let mut stream = server.client(key).await.entries(0, 1_300).await.unwrap();
    let mut found = Vec::new();
    while let Some((_, part)) = stream.next().await.unwrap() {
        found.extend(part);
    }
    assert_eq!(found, entries);
}
