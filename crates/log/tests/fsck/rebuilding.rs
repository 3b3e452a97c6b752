//! The object store made anew.

use std::sync::{Arc, Mutex};

use indelible_log::{StartError, rebuild};
use indelible_store::objects::{Key, MemoryObjects, Objects};

use crate::support::{Maker, VOLUME_ENTRIES, check, head, key, log, sealed};

#[test]
fn one_volume_is_the_same_as_among_all() {
    let maker = log(66_000);
    let all = sealed(&maker.journal);
    check(&maker.journal, &all, &[]);
    for (volume, entries, tiles) in [
        (0, 0..512, 2),
        (127, 65_024..65_536, 2 + 1),
        (128, 65_536..66_000, 1),
        (129, 66_000..66_000, 0),
    ] {
        let one = MemoryObjects::with_volume_entries(VOLUME_ENTRIES).unwrap();
        let told = Arc::new(Mutex::new(vec![0]));
        let tell = {
            let told = told.clone();
            move |entries| told.lock().unwrap().push(entries)
        };
        let rebuilt = rebuild(
            &maker.journal,
            Arc::new(one.clone()),
            &key().verifier(),
            Some(volume),
            tell,
        )
        .unwrap();
        assert_eq!(
            (rebuilt.head.size(), rebuilt.entries, rebuilt.tiles),
            (66_000, entries, tiles)
        );
        let told = told.lock().unwrap();
        assert!(told.is_sorted() && told.last() == Some(&66_000), "{told:?}");
        for bundle in 0..66_000 / 256 + 1 {
            let expected = match bundle / 2 == volume {
                true => all.runs(bundle).unwrap(),
                false => vec![],
            };
            assert_eq!(one.runs(bundle).unwrap(), expected, "bundle {bundle}");
        }
        for key in (0..257)
            .map(|index| Key::Tile { level: 0, index })
            .chain([Key::Tile { level: 1, index: 0 }])
        {
            let expected = all
                .get(key)
                .unwrap()
                .filter(|_| key.last_entry().unwrap() / VOLUME_ENTRIES == volume);
            assert_eq!(one.get(key).unwrap(), expected, "{key}");
        }
    }
}

#[test]
fn a_journal_that_is_not_what_was_signed_is_refused() {
    let mut maker = Maker::new();
    maker.commit_with(
        700,
        |records| records[300].entry = "forged".into(),
        |tree| head(tree, &key()),
    );
    let objects: Arc<dyn Objects> = Arc::new(MemoryObjects::with_volume_entries(VOLUME_ENTRIES).unwrap());
    let error = rebuild(&maker.journal, objects, &key().verifier(), None, |_| {}).unwrap_err();
    assert!(matches!(error, StartError::Root { size: 700, .. }), "{error}");
}
