//! Whatever the witnesses do, durable appends go on as fast.

use std::time::{Duration, Instant};

use crate::fake::Manner;
use crate::scene::Scene;
use crate::stubs::AppendRequest;
use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn no_witness_slows_down_appends() {
    let liar = Manner::Says {
        status: 422,
        content_type: None,
        body: "no".into(),
    };
    let slow = Manner::Slow(Duration::from_millis(700));
    let mut rates = Vec::new();
    // Those without witnesses are measured between the others: the machine has other work, too.
    for manners in [
        None,
        Some(slow),
        None,
        Some(Manner::Mute),
        None,
        Some(liar),
        None,
        Some(Manner::BadSignature),
    ] {
        let scene = Scene::new(2, &[Manner::Honest, Manner::Honest]).await;
        let server = match &manners {
            None => scene.bed.serve(),
            Some(_) => scene.serve(&[]),
        };
        if let Some(manner) = &manners {
            scene.witnesses[1].behave(manner.clone());
        }
        rates.push((manners, rate(&server).await));
    }
    let without = rates
        .iter()
        .filter(|(manner, _)| manner.is_none())
        .map(|(_, rate)| *rate);
    let without = without.sum::<f64>() / 4.0;
    println!("appends a second: {without:.0} without witnesses; {rates:?}");
    for (manner, rate) in rates.iter().filter(|(manner, _)| manner.is_some()) {
        assert!(
            rate / without > 0.4,
            "{manner:?}: {rate:.0} a second, {without:.0} without witnesses"
        );
    }
}

/// Appends a second, by eight who wait for each of theirs.
async fn rate(server: &Server) -> f64 {
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let mut stub = server.stub().await;
        tasks.push(tokio::spawn(async move {
            let mut count = 0_u32;
            while begin.elapsed() < MEASURED {
                let request = AppendRequest {
                    entry: vec![7; 300].into(),
                    ..AppendRequest::default()
                };
                stub.append(request).await.unwrap();
                count += 1;
            }
            count
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

const MEASURED: Duration = Duration::from_secs(3);
