//! The crate `tlog_tiles`, which knows nothing of ours, reads the log over HTTP: it proves records and trees from tiles, and accepts
//! only tiles that lead to the signed root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use indelible_merkle::bundle;
use indelible_note::open_checkpoint;
use tlog_tiles::{
    Error, Hash, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree, record_hash,
    tree_hash,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::block_in_place;

use crate::http_client::Http;
use crate::stubs::AppendBatchRequest;
use crate::support::Bed;

/// Tiles by their paths over one connection.
struct OverHttp(Mutex<Http>);

impl TileReader for OverHttp {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        tiles
            .iter()
            .map(|tile| self.read(tile).ok_or(Error::InvalidTile))
            .collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl OverHttp {
    /// The crate's paths begin with the height, which C2SP tlog-tiles leaves out.
    fn read(&self, tile: &Tile) -> Option<Vec<u8>> {
        let path = tile.path().replacen("tile/8/", "/tile/", 1);
        let answer = block_in_place(|| Handle::current().block_on(async { self.0.lock().await.get(&path).await }));
        (answer.status == StatusCode::OK).then(|| answer.body.to_vec())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_client_proves_records_and_trees_from_tiles() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let mut stub = server.stub().await;
    let mut heads: Vec<(u64, Hash)> = Vec::new();
    let mut size = 0;
    for next in [1, 255, 256, 257, 1_000, 65_536, 66_000] {
        let entries: Vec<Bytes> = (size..next).map(|index: u64| format!("entry {index}").into()).collect();
        for part in entries.chunks(10_000) {
            let entries = part.to_vec();
            stub.append_batch(AppendBatchRequest {
                entries,
                ..AppendBatchRequest::default()
            })
            .await
            .unwrap();
        }
        size = next;
        let note = http.get("/checkpoint").await.body;
        open_checkpoint(&note, &bed.vkey()).unwrap();
        let text = String::from_utf8(note.to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], size.to_string());
        let root = STANDARD.decode(lines[2]).unwrap();
        heads.push((size, Hash(root.try_into().unwrap())));
    }

    let reader = OverHttp(Mutex::new(http));
    for &(size, root) in &heads {
        let hashes = TileHashReader::new(size, root, &reader);
        assert_eq!(tree_hash(size, &hashes).unwrap(), root, "{size}");
        for index in [0, 1, 254, 255, 256, 999, 65_535, size - 1]
            .into_iter()
            .filter(|&index| index < size)
        {
            let record = record_hash(format!("entry {index}").as_bytes());
            let proof = prove_record(size, index, &hashes).unwrap();
            check_record(&proof, size, root, index, record).unwrap();
            check_record(&proof, size, root, index, record_hash(b"another")).unwrap_err();
        }
        for &(old, old_root) in heads.iter().filter(|(old, _)| *old < size) {
            let proof = prove_tree(size, old, &hashes).unwrap();
            check_tree(&proof, size, root, old, old_root).unwrap();
        }
        // Under another root the crate takes no tile of ours.
        let mut forged = root;
        forged.0[31] ^= 1;
        tree_hash(size, &TileHashReader::new(size, forged, &reader)).unwrap_err();
    }

    let mut http = reader.0.into_inner();
    let answer = http.get("/tile/entries/257.p/208").await;
    let entries = bundle::decode(&answer.body).unwrap();
    let expected: Vec<String> = (65_792..66_000).map(|index| format!("entry {index}")).collect();
    assert_eq!(entries, expected.iter().map(String::as_bytes).collect::<Vec<_>>());
}
