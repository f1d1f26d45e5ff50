//! What no index holds is looked for in parts of the ledger, and every part is looked at in the end.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{Place, fill};
use rolecall_control::store::{Filter, Found, Store};
use rolecall_core::event::EventId;

async fn look(store: &Store, filter: &Filter, patience: Duration) -> Found {
    store.read().look_back(filter, patience).await.unwrap()
}

fn ids(found: &Found) -> Vec<u64> {
    found.events.iter().map(|event| event.id.0).collect()
}

#[tokio::test]
async fn impatience_comes_back_with_where_to_go_on() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    fill(&store, 60_000).await;
    let text = |text: &str| Filter { text: Some(text.to_owned()), limit: 10, ..Filter::default() };
    // The store's own first entry, and the last of the first transaction.
    let (mut filter, mut found, mut steps) = (text("store_made"), Vec::new(), 0);
    loop {
        let part = look(&store, &filter, Duration::ZERO).await;
        found.extend(ids(&part));
        steps += 1;
        let Some(from) = part.from else { break };
        filter.before = Some(from);
    }
    assert_eq!((found, steps), (vec![0], 3));
    let patient = look(&store, &text("STORE_made"), Duration::from_secs(60)).await;
    assert_eq!((ids(&patient), patient.from), (vec![0], None));
    let nowhere = look(&store, &text("nowhere"), Duration::from_secs(60)).await;
    assert_eq!((ids(&nowhere), nowhere.from), (vec![], None));
}

#[tokio::test]
async fn a_full_page_ends_the_search_and_none_is_told_twice() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    fill(&store, 30_000).await;
    let mut filter = Filter { text: Some("first@acme.test".to_owned()), limit: 4, ..Filter::default() };
    let first = look(&store, &filter, Duration::ZERO).await;
    assert_eq!((ids(&first), first.from), (vec![25_001, 20_001, 15_001, 10_001], None));
    filter.before = Some(EventId(10_001));
    let second = look(&store, &filter, Duration::ZERO).await;
    assert_eq!((ids(&second), second.from), (vec![5_001, 1], None));
    // Where an index leads to what is asked for, all of it is found at once.
    let indexed = Filter { kinds: vec!["store_made".to_owned()], limit: 4, ..Filter::default() };
    let found = look(&store, &indexed, Duration::ZERO).await;
    assert_eq!((ids(&found), found.from), (vec![0], None));
}
