use super::*;
use crate::plan::Direction;

fn event(effects: Vec<Effect>) -> Event {
    Event {
        form: FORM,
        id: EventId(7),
        at: "2026-03-01T10:00:00.25Z".parse().unwrap(),
        actor: Actor::person("alice@acme.test"),
        kind: Kind::ApplyBegun {
            place: Place { environment: "production".into(), server: "main".into() },
            digest: "sha256:00".into(),
            changes: 3,
        },
        reason: Some("TICKET-9".into()),
        cause: Some(EventId(5)),
        correlation: EventId(5),
        effects,
    }
}

fn effect(who: usize) -> Effect {
    Effect {
        direction: Direction::Gains,
        who: (0..who).map(|n| format!("person{n:06}@acme.test")).collect(),
        holders_of: None,
        access: vec!["reads shop.orders".into()],
        because: "holds Role support".into(),
    }
}

#[test]
fn an_entry_is_written_in_one_form() {
    let text = String::from_utf8(event(vec![]).bytes()).unwrap();
    insta::assert_snapshot!(text, @r#"{"actor":{"id":"alice@acme.test","type":"person"},"at":"2026-03-01T10:00:00.25Z","cause":5,"correlation":5,"detail":{"changes":3,"digest":"sha256:00","place":{"environment":"production","server":"main"}},"form":1,"id":7,"kind":"apply_begun","reason":"TICKET-9"}"#);
}

#[test]
fn what_is_read_is_written_again_byte_for_byte() {
    let bytes = event(vec![effect(3)]).bytes();
    let read: Event = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read, event(vec![effect(3)]));
    assert_eq!(read.bytes(), bytes);
}

#[test]
fn keys_are_sorted_by_utf16_and_strings_have_the_fewest_escapes() {
    let value = serde_json::json!({ "\u{fb33}": 1, "\u{1f600}": 2, "a": "€\u{7}\n\"\\/é", "B": [true, null, -3] });
    let text = String::from_utf8(canonical(&value)).unwrap();
    assert_eq!(text, "{\"B\":[true,null,-3],\"a\":\"€\\u0007\\n\\\"\\\\/é\",\"😀\":2,\"\u{fb33}\":1}");
}

#[test]
fn effects_that_do_not_fit_go_on_in_further_entries() {
    let effects: Vec<Effect> = vec![effect(1), effect(30_000), effect(2)];
    let entries = event(effects.clone()).fit().unwrap();
    assert!(entries.len() > 10);
    let mut people = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        assert!(entry.bytes().len() <= LONGEST);
        assert_eq!(entry.id.0, 7 + place as u64);
        assert!(place == 0 || entry.cause == Some(EventId(7)));
        people.extend(entry.effects.iter().flat_map(|effect| effect.who.clone()));
    }
    let all: Vec<String> = effects.into_iter().flat_map(|effect| effect.who).collect();
    assert_eq!(people, all);
}

#[test]
fn an_effect_that_cannot_be_cut_is_refused() {
    let long = Effect { who: vec!["x".repeat(LONGEST)], ..effect(0) };
    assert_eq!(event(vec![long]).fit().unwrap_err().kind, "effect");
}

#[test]
fn text_loses_passwords_and_control_characters() {
    let text = Text::new("cannot reach postgres://admin:hunter2@db/app\u{1b}[31m: password=hunter3 no\n");
    assert!(!text.as_str().contains("hunter"), "{text}");
    assert!(!text.as_str().contains('\u{1b}'));
    assert_eq!(Text::new(&"é".repeat(3_000)).as_str().chars().count(), 2_001);
}

#[test]
fn every_kind_has_the_name_that_serde_writes() {
    let written = serde_json::to_value(event(vec![])).unwrap();
    assert_eq!(written["kind"], event(vec![]).kind.name());
    for (name, meaning) in Kind::ALL {
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && meaning.ends_with('.'), "{name}");
        // serde knows the name: it complains about the detail, not about the kind.
        let error = serde_json::from_value::<Kind>(serde_json::json!({ "kind": name })).unwrap_err().to_string();
        assert!(error.contains("missing field `detail`"), "{name}: {error}");
    }
}

#[test]
fn one_change_is_no_changes() {
    let said = |changes| {
        let place = || Place { environment: "staging".into(), server: "main".into() };
        let kinds = [
            Kind::ApplyFinished { place: place(), digest: String::new(), changes, proved: true },
            Kind::DriftHeld { place: place(), digest: String::new(), changes },
        ];
        kinds.map(|kind| Event { kind, reason: None, ..event(Vec::new()) }.sentence())
    };
    assert_eq!(
        said(1),
        [
            "alice@acme.test made 1 change on staging · main, read back and proved",
            "somebody changed staging · main by hand: 1 difference waits for an administrator",
        ]
    );
    assert_eq!(
        said(2),
        [
            "alice@acme.test made 2 changes on staging · main, read back and proved",
            "somebody changed staging · main by hand: 2 differences wait for an administrator",
        ]
    );
}
