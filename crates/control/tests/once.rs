//! Idempotency keys: what is asked for twice is done once.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

mod common;

use common::{Place, told};
use rolecall_control::store::{Filter, Once, Store, StoreError};
use rolecall_core::event::Actor;

fn key(asker: &str, key: &str, asks: u8) -> Once {
    Once { asker: asker.into(), key: key.into(), fingerprint: [asks; 32] }
}

async fn write(store: &Store, name: &str) -> Result<u64, StoreError> {
    let actor = Actor::system("test");
    let written = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told(name))) }).await?;
    Ok(written.events.first().unwrap().id.0)
}

#[tokio::test]
async fn a_key_writes_once_and_for_one_thing() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let first = write(&store.once(key("bob", "k", 1)), "a").await.unwrap();
    let again = write(&store.once(key("bob", "k", 1)), "a").await;
    assert!(matches!(again, Err(StoreError::Repeated(event)) if event.0 == first), "{again:?}");
    let other = write(&store.once(key("bob", "k", 2)), "b").await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
    // Somebody else's key is another one; so is no key.
    write(&store.once(key("eve", "k", 2)), "c").await.unwrap();
    write(&store, "d").await.unwrap();
    assert_eq!(
        store.read().repeated(&key("bob", "k", 1), store.clock().now()).await.unwrap().map(|event| event.0),
        Some(first)
    );
    assert_eq!(store.read().repeated(&key("bob", "l", 1), store.clock().now()).await.unwrap(), None);
    let later = store.clock().now() + jiff::SignedDuration::from_hours(25);
    assert_eq!(store.read().repeated(&key("bob", "k", 1), later).await.unwrap(), None, "forgotten after a day");
    let all = store.read().log(&Filter { limit: 100, ..Filter::default() }).await.unwrap();
    assert_eq!(all.iter().filter(|event| event.kind.name() == "signed_out").count(), 3);
}

#[tokio::test]
async fn what_failed_may_be_tried_again_and_two_at_once_write_once() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let once = store.once(key("bob", "k", 1));
    let actor = Actor::system("test");
    let failed = once.write(&actor, |_tx| async move { Err::<rolecall_control::store::Done<()>, _>(StoreError::Full) });
    assert!(matches!(failed.await, Err(StoreError::Full)));
    let (a, b) = (store.once(key("bob", "k", 1)), store.once(key("bob", "k", 1)));
    let (a, b) = tokio::join!(write(&a, "a"), write(&b, "a"));
    assert_eq!([&a, &b].iter().filter(|result| result.is_ok()).count(), 1, "{a:?} {b:?}");
    // Only the first write of a use case bears the key.
    let once = store.once(key("bob", "m", 1));
    write(&once, "a").await.unwrap();
    write(&once, "b").await.unwrap();
}
