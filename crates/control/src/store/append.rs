//! Appends to the ledger inside a transaction: entries, tiles, a signed checkpoint.

use jiff::{Timestamp, Unit};
use rolecall_core::event::{Actor, Draft, Drafts, Event, EventId, FORM};
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::StoreError;
use super::rows::number;
use super::search::{Columns, concerned};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{PublicKey, SecretKey};
use crate::ledger::tree::{self, Edge, Tile, WIDTH};

/// What all Events of a transaction have in common.
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
}

/// Reads the right edge of the tree, and holds it against the last checkpoint: nothing is added to a ledger that does
/// not hold. It reads a handful of rows, however long the ledger is.
pub async fn edge(conn: &mut SqliteConnection, key: &PublicKey) -> Result<Edge, StoreError> {
    let newest =
        sqlx::query("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetch_optional(&mut *conn).await?;
    let last: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM entry").fetch_one(&mut *conn).await?;
    let entries = last.map_or(0, |last| last.cast_unsigned() + 1);
    let Some(newest) = newest else {
        return if entries == 0 { Ok(Edge::default()) } else { Err(damaged("the ledger has no checkpoint")) };
    };
    let checkpoint = Checkpoint::open(newest.try_get("note")?, key)?;
    let size = checkpoint.size;
    if size != entries || newest.try_get::<i64, _>("size")? != number(size)? {
        return Err(damaged(&format!("the ledger has {entries} entries and a checkpoint for {size}")));
    }
    let mut levels = Vec::new();
    for (level, width) in tree::widths(size).into_iter().enumerate() {
        let place = size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0);
        let bytes: Option<Vec<u8>> = match width {
            0 => Some(Vec::new()),
            _ => {
                sqlx::query_scalar("SELECT hashes FROM tile WHERE level = ? AND place = ?")
                    .bind(level as i64)
                    .bind(number(place)?)
                    .fetch_optional(&mut *conn)
                    .await?
            }
        };
        levels.push(bytes.and_then(|bytes| tree::split(&bytes)).unwrap_or_default());
    }
    let edge = Edge::new(size, levels).ok_or_else(|| damaged("tiles of the ledger are missing"))?;
    if edge.root() == checkpoint.root { Ok(edge) } else { Err(damaged("the ledger's tiles do not fit its checkpoint")) }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

/// Writes the Events of a transaction, and the checkpoint that covers them.
pub async fn append(
    conn: &mut SqliteConnection,
    mut edge: Edge,
    stamp: &Stamp,
    drafts: Drafts,
    key: &SecretKey,
) -> Result<Vec<Event>, StoreError> {
    let (before, mut full) = (edge.size(), Vec::new());
    let (mut events, mut entries) = (Vec::<Event>::new(), Vec::new());
    for draft in drafts.into_vec() {
        let event = place(&mut *conn, EventId(edge.size()), stamp, draft, &events).await?;
        for part in event.fit()? {
            let entry = Entry::of(&part)?;
            edge.push(tree::leaf(entry.data.as_bytes()), &mut full);
            entries.push(entry);
            events.push(part);
        }
    }
    write_entries(&mut *conn, &events, entries).await?;
    let changed = full.iter().map(|tile| tile.level + 1).max().unwrap_or(0);
    for tile in full.into_iter().chain(edge.tiles().take(changed + 1)) {
        write_tile(&mut *conn, &tile).await?;
    }
    let size = edge.size();
    let note = Checkpoint { size, root: edge.root() }.sign(key);
    sqlx::query("INSERT INTO checkpoint (size, note) VALUES (?, ?)")
        .bind(number(size)?)
        .bind(note)
        .execute(&mut *conn)
        .await?;
    // The last checkpoint before a full tile stays: it narrows down where a ledger that was rewritten went wrong.
    if before / WIDTH as u64 == size / WIDTH as u64 {
        sqlx::query("DELETE FROM checkpoint WHERE size = ?").bind(number(before)?).execute(&mut *conn).await?;
    }
    Ok(events)
}

/// Gives a Draft its place and its story.
async fn place(
    conn: &mut SqliteConnection,
    id: EventId,
    stamp: &Stamp,
    draft: Draft,
    earlier: &[Event],
) -> Result<Event, StoreError> {
    let cause = draft.cause.or_else(|| earlier.first().map(|first| first.id));
    let correlation = match cause {
        None => id,
        // In the order of their places; there can be tens of thousands.
        Some(cause) => match earlier.binary_search_by_key(&cause, |event| event.id).ok().and_then(|at| earlier.get(at))
        {
            Some(event) => event.correlation,
            None => {
                let found: Option<i64> = sqlx::query_scalar("SELECT correlation FROM entry WHERE id = ?")
                    .bind(number(cause.0)?)
                    .fetch_optional(conn)
                    .await?;
                EventId(found.ok_or(StoreError::UnknownCause(cause))?.cast_unsigned())
            }
        },
    };
    let at = stamp.at.round(Unit::Millisecond).unwrap_or(stamp.at);
    let Draft { kind, reason, effects, .. } = draft;
    Ok(Event { form: FORM, id, at, actor: stamp.actor.clone(), kind, reason, cause, correlation, effects })
}

/// A row of the ledger.
struct Entry {
    id: i64,
    data: String,
    columns: Columns,
}

impl Entry {
    fn of(event: &Event) -> Result<Self, StoreError> {
        let data = String::from_utf8(event.bytes()).map_err(|error| StoreError::Query(error.to_string()))?;
        Ok(Self { id: number(event.id.0)?, data, columns: Columns::of(event)? })
    }
}

/// Rows of one statement. A directory of 10,000 people is some 20,000 Events at the first start: by one statement each,
/// handing them to SQLite's thread and back would be most of the time.
const ROWS: usize = 256;

async fn write_entries(conn: &mut SqliteConnection, events: &[Event], entries: Vec<Entry>) -> Result<(), StoreError> {
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        let mut insert = QueryBuilder::new("INSERT INTO entry (id, at, actor, kind, environment, correlation, data) ");
        insert.push_values(entries.by_ref().take(ROWS), |mut row, Entry { id, data, columns }| {
            row.push_bind(id).push_bind(columns.at).push_bind(columns.actor).push_bind(columns.kind);
            row.push_bind(columns.environment).push_bind(columns.correlation).push_bind(data);
        });
        insert.build().execute(&mut *conn).await?;
    }
    let mut concerns = Vec::new();
    for event in events {
        let id = number(event.id.0)?;
        concerns.extend(concerned(event).into_iter().map(|principal| (principal, id)));
    }
    for some in concerns.chunks(ROWS) {
        let mut insert = QueryBuilder::new("INSERT INTO concern (principal, entry) ");
        insert.push_values(some, |mut row, (principal, id)| {
            row.push_bind(*principal).push_bind(*id);
        });
        insert.build().execute(&mut *conn).await?;
    }
    Ok(())
}

async fn write_tile(conn: &mut SqliteConnection, tile: &Tile) -> Result<(), StoreError> {
    if tile.hashes.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO tile (level, place, hashes) VALUES (?, ?, ?) \
         ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes",
    )
    .bind(tile.level as i64)
    .bind(number(tile.index)?)
    .bind(tree::join(&tile.hashes))
    .execute(conn)
    .await?;
    Ok(())
}
