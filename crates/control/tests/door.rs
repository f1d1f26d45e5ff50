//! The door: a change and its Event are one; the ledger holds afterwards.

mod common;

use common::{Place, told};
use rolecall_control::store::{Done, Filter, Store, StoreError};
use rolecall_core::event::{Actor, Draft, Drafts, EventId, Kind};

#[tokio::test]
async fn the_first_start_makes_store_and_key_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open().await.unwrap();
    for path in [&place.options.path, &place.options.key] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let events = store.read().log(&Filter { limit: 10, ..Filter::default() }).await.unwrap();
    assert_eq!(events.iter().map(|event| event.kind.name()).collect::<Vec<_>>(), ["store_made"]);
}

#[tokio::test]
async fn events_of_one_change_stand_together_and_tell_one_story() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let actor = Actor::person("alice@acme.test");
    let first = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told("a"))) }).await.unwrap();
    assert_eq!(first.events[0].id, EventId(1));
    let second = store
        .write(&actor, |tx| async move {
            let id = tx.event();
            let drafts = Drafts::from(Draft::new(told("b")).caused_by(EventId(1))).and(told("c"));
            Ok::<_, StoreError>(tx.done(id, drafts))
        })
        .await
        .unwrap();
    assert_eq!(second.value, EventId(2));
    let causes: Vec<_> = second.events.iter().map(|event| (event.cause.unwrap().0, event.correlation.0)).collect();
    assert_eq!(causes, [(1, 1), (2, 1)]);
    let story = Filter { correlation: Some(EventId(1)), limit: 10, ..Filter::default() };
    assert_eq!(store.read().log(&story).await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_error_undoes_the_change_and_its_event() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let actor = Actor::system("test");
    let failed = store
        .write(&actor, |tx| async move {
            drop(tx);
            Err::<Done<()>, _>(StoreError::Locked)
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Locked)));
    let unknown = Draft::new(told("x")).caused_by(EventId(99));
    let failed = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), unknown)) }).await;
    assert!(matches!(failed, Err(StoreError::UnknownCause(EventId(99)))));
    let written = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told("y"))) }).await.unwrap();
    assert_eq!(written.events[0].id, EventId(1));
}

#[tokio::test]
async fn the_log_is_filtered_and_followed() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let mut news = store.subscribe();
    for name in ["alice@acme.test", "bob@acme.test", "bob@acme.test"] {
        let kind = Kind::SignedIn { principal: name.to_owned(), how: "token".to_owned() };
        let told = Draft::new(kind).because("100%_sure");
        let actor = Actor::person(name);
        store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told)) }).await.unwrap();
    }
    let count = async |filter: Filter| store.read().log(&Filter { limit: 10, ..filter }).await.unwrap().len();
    assert_eq!(count(Filter { subject: Some("bob@acme.test".into()), ..Filter::default() }).await, 2);
    assert_eq!(count(Filter { actor: Some("alice@acme.test".into()), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { kinds: vec!["signed_in".into()], ..Filter::default() }).await, 3);
    assert_eq!(count(Filter { text: Some("100%_SURE".into()), ..Filter::default() }).await, 3);
    assert_eq!(count(Filter { text: Some("100__sure".into()), ..Filter::default() }).await, 0);
    assert_eq!(count(Filter { after: Some(EventId(2)), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { until: Some("2020-01-01T00:00:00Z".parse().unwrap()), ..Filter::default() }).await, 0);
    assert_eq!(news.recv().await.unwrap().kind.subject(), Some("alice@acme.test"));
}

#[tokio::test]
async fn two_processes_can_write_in_turn() {
    let place = Place::new();
    let (one, two) = (place.open().await.unwrap(), place.open().await.unwrap());
    let write = async |store: &Store| {
        let actor = Actor::system("test");
        store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told("z"))) }).await.unwrap();
    };
    for _ in 0..300 {
        write(&one).await;
        write(&two).await;
    }
    let last = Filter { newest_first: true, limit: 1, ..Filter::default() };
    assert_eq!(one.read().log(&last).await.unwrap()[0].id, EventId(600));
}

#[test]
fn a_write_can_be_spawned() {
    fn sendable<T: Send>(_: T) {}
    let _ = |store: Store| {
        sendable(async move {
            let actor = Actor::system("test");
            store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told("z"))) }).await
        });
    };
}
