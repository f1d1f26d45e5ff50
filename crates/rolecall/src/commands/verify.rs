//! `rolecall verify`: PostgreSQL is asked, account by account and object by object, and its answers are compared with what
//! the policy means; then rows are counted as the accounts themselves.

mod server;

use std::collections::BTreeSet;

use anyhow::Context;
use rolecall_core::desire::{Desired, PublicRules, Scene};
use rolecall_core::event::Kind;
use rolecall_core::expect::{Class, classes, expected};
use rolecall_core::plan::{ObjectRef, Plan, RowExpression};
use rolecall_core::policy::model::Database;
use rolecall_core::privilege::{Privilege, PrivilegeSet};
use rolecall_core::state::{Contents, HELPER_SCHEMA, Object, RoleId, Scope, ServerState};
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::inspect::inspect;
use rolecall_engine::postgres::render::expected_condition;
use rolecall_engine::postgres::verify::{Asked, expected_rows, held, hold, release, visible_rows};
use serde::Serialize;

use crate::args::Verify;
use crate::ledger::Record;
use crate::scene::{Place, places};
use crate::show::{BAD, GOOD};
use crate::{Outcome, load, show};

/// Accounts whose rows are counted on each filtered table, at most.
const ROW_ACCOUNTS: usize = 50;

/// What was asked on one server, and where PostgreSQL disagreed.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    environment: String,
    server: String,
    accounts: usize,
    objects: usize,
    /// Objects that were asked about, where not all were.
    sampled: bool,
    questions: usize,
    row_counts: usize,
    notes: Vec<String>,
    disagreements: Vec<String>,
}

/// Verifies every server of the selection.
pub async fn run(arguments: &Verify) -> anyhow::Result<Outcome> {
    let policy = load::policy(&arguments.policy.policy)?;
    let record = Record::open_if_possible(&arguments.ledger).await;
    let mut outcome = Outcome::Done;
    let mut verdicts = Vec::new();
    for place in places(&policy, &arguments.selection)? {
        match one(place, arguments.limit, &record).await {
            Ok(verdict) => {
                let (questions, disagreements) = (verdict.questions as u64, verdict.disagreements.len() as u64);
                record.note(Kind::RightsVerified { place: place.event(), questions, disagreements }).await;
                if !verdict.disagreements.is_empty() {
                    outcome = Outcome::Failed;
                }
                if !arguments.json {
                    say(&verdict);
                }
                verdicts.push(verdict);
            }
            Err(error) => {
                show::error(&error);
                outcome = Outcome::Failed;
            }
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&verdicts)?);
    }
    Ok(outcome)
}

fn say(verdict: &Verdict) {
    let sample = if verdict.sampled { " (an even sample)" } else { "" };
    anstream::println!(
        "{} · {}: asked PostgreSQL {} about {} × {}{sample}, and counted rows {}.",
        verdict.environment,
        verdict.server,
        show::count(verdict.questions, "question"),
        show::count(verdict.accounts, "account"),
        show::count(verdict.objects, "object"),
        show::count(verdict.row_counts, "time")
    );
    for note in &verdict.notes {
        anstream::println!("  note: {note}");
    }
    for disagreement in verdict.disagreements.iter().take(100) {
        anstream::println!("  {BAD}disagrees:{BAD:#} {disagreement}");
    }
    if verdict.disagreements.is_empty() {
        anstream::println!("  {GOOD}It agrees with the policy everywhere.{GOOD:#}");
    }
}

async fn one(place: Place<'_>, limit: usize, record: &Record) -> anyhow::Result<Verdict> {
    let target = place.target()?;
    let state = inspect(&target, &place.wanted()).await.with_context(|| place.label())?;
    let given = record.given().await?;
    let scene = place.scene(&state, given.facts(place.policy));
    let (_, desired) = Plan::new(scene, place.server_name);
    let classes = classes(scene);
    let mut verdict = Verdict {
        environment: place.environment_name.to_owned(),
        server: place.server_name.to_owned(),
        ..Verdict::default()
    };
    let check = Check { scene, state: &state, desired: &desired, classes: &classes };
    let accounts: BTreeSet<&String> = classes.iter().flat_map(|class| &class.accounts).collect();
    verdict.accounts = accounts.len();
    check.server(&target, limit, &mut verdict).await.with_context(|| place.label())?;
    for (logical, database) in &place.server.databases {
        match state.contents.get(&database.name) {
            Some(contents) => {
                check
                    .privileges(&target, logical, database, contents, limit, &mut verdict)
                    .await
                    .with_context(|| place.label())?;
                check.rows(&target, &database.name, contents, &mut verdict).await.with_context(|| place.label())?;
            }
            None => verdict.disagreements.push(format!("database {} cannot be looked into", database.name)),
        }
    }
    Ok(verdict)
}

struct Check<'a> {
    scene: Scene<'a>,
    state: &'a ServerState,
    desired: &'a Desired,
    classes: &'a [Class],
}

impl Check<'_> {
    fn account(&self, name: &str) -> Option<(RoleId, u32)> {
        let id = self.state.names.find(name)?;
        Some((id, self.state.roles.get(&id)?.oid))
    }

    async fn privileges(
        &self,
        target: &Target,
        logical: &str,
        database: &Database,
        contents: &Contents,
        limit: usize,
        verdict: &mut Verdict,
    ) -> anyhow::Result<()> {
        let mut conn = target.open(Some(&database.name)).await?;
        let scene = self.scene;
        let public = PublicRules::new(database);
        let own = |object: &&Object| object.schema.as_deref() != Some(HELPER_SCHEMA) && &*object.name != HELPER_SCHEMA;
        let all: Vec<&Object> = contents.objects.iter().filter(|object| !object.system).filter(own).collect();
        let stride = (all.len() * verdict.accounts.max(1)).div_ceil(limit.max(1)).max(1);
        let objects: Vec<&Object> = all.into_iter().step_by(stride).collect();
        verdict.sampled |= stride > 1;
        verdict.objects += objects.len();
        let asked = questions(contents, &objects);
        for class in self.classes {
            let known: Vec<(&String, RoleId, u32)> =
                class.accounts.iter().filter_map(|name| self.account(name).map(|(id, oid)| (name, id, oid))).collect();
            self.missing_accounts(class, &known, verdict);
            let oids: Vec<u32> = known.iter().map(|(_, _, oid)| *oid).collect();
            if oids.is_empty() {
                continue;
            }
            let answers = held(
                &mut conn,
                &oids,
                &asked.iter().map(|(question, _, _)| question.clone()).collect::<Vec<_>>(),
                self.state.identity.version,
            )
            .await?;
            verdict.questions += oids.len() * asked.len();
            for (place, (_, object, column)) in asked.iter().enumerate() {
                let should = expected(scene, class, logical, contents, object);
                let allowed = public.allowed(object, &self.state.acls);
                for (name, id, oid) in &known {
                    let is = answers.get(&(*oid, place)).copied().unwrap_or(PrivilegeSet::EMPTY);
                    let (should, what) = match column {
                        None => (should.whole, label(object)),
                        Some(column) => {
                            let named = should.columns.get(*column).copied().unwrap_or_default();
                            (
                                should.whole.union(named).intersection(rolecall_core::privilege::COLUMN_PRIVILEGES),
                                format!("{} ({column})", label(object)),
                            )
                        }
                    };
                    let extra = if class.beyond || object.owner == *id {
                        PrivilegeSet::EMPTY
                    } else {
                        is.minus(should).minus(allowed)
                    };
                    let missing = if object.owner == *id { PrivilegeSet::EMPTY } else { should.minus(is) };
                    if !extra.is_empty() {
                        verdict
                            .disagreements
                            .push(format!("{name} has {extra} on {what} in {}, and should not", database.name));
                    }
                    if !missing.is_empty() {
                        verdict
                            .disagreements
                            .push(format!("{name} should have {missing} on {what} in {}, and has not", database.name));
                    }
                }
            }
        }
        Ok(())
    }

    fn missing_accounts(&self, class: &Class, known: &[(&String, RoleId, u32)], verdict: &mut Verdict) {
        for name in &class.accounts {
            let wanted = self.desired.names.find(name).is_some_and(|id| self.desired.roles.contains_key(&id));
            let said = format!("{name} should have an account on the server, and has none");
            if wanted && !known.iter().any(|(found, _, _)| *found == name) && !verdict.disagreements.contains(&said) {
                verdict.disagreements.push(said);
            }
        }
    }

    /// Counts what accounts really see of filtered tables, against the filter with their own values written out.
    async fn rows(
        &self,
        target: &Target,
        database: &str,
        contents: &Contents,
        verdict: &mut Verdict,
    ) -> anyhow::Result<()> {
        let Some(wanted) = self.desired.contents.get(database).filter(|wanted| !wanted.secured.is_empty()) else {
            return Ok(());
        };
        if !self.state.superuser {
            verdict.notes.push(format!(
                "rows in {database} were not counted: that takes a superuser (SET SESSION AUTHORIZATION)"
            ));
            return Ok(());
        }
        let (mut conn, mut guard) = (target.open(Some(database)).await?, target.open(Some(database)).await?);
        for (place, object) in contents.objects.iter().enumerate() {
            if !object.kind.is_relation() || !wanted.secured.contains_key(&object.oid) {
                continue;
            }
            let table = ObjectRef::from(object);
            let reached = hold(&mut guard, &table, object.oid).await?;
            if let Some(first) = reached.first() {
                let thing = label(object);
                verdict.notes.push(format!(
                    "rows of {thing} were not counted: its row policies reach {first}, whose owner could make a superuser's \
                     session do anything"
                ));
                release(&mut guard).await?;
                continue;
            }
            let mut counted = 0;
            for name in self.classes.iter().filter(|class| !class.beyond).flat_map(|class| &class.accounts) {
                let Some((id, _)) = self.account(name) else { continue };
                let reached = self.reached(id);
                let whole = wanted.objects.get(place).into_iter().flatten();
                let columns =
                    wanted.columns.range((object.oid, i16::MIN)..=(object.oid, i16::MAX)).flat_map(|(_, wants)| wants);
                let readers: BTreeSet<RoleId> = whole
                    .chain(columns)
                    .filter(|(role, privileges)| reached.contains(role) && privileges.has(Privilege::Select))
                    .map(|(role, _)| *role)
                    .collect();
                if readers.is_empty() {
                    continue;
                }
                counted += 1;
                if counted > ROW_ACCOUNTS {
                    verdict.sampled = true;
                    break;
                }
                let filters: Vec<&RowExpression> =
                    readers.iter().filter_map(|role| wanted.row_access.get(&(object.oid, *role))).collect();
                let scopes: Vec<&Scope> = wanted.scopes.iter().filter(|scope| scope.account == *name).collect();
                let condition = if filters.len() < readers.len() { None } else { Some(union(&filters, &scopes)?) };
                let should = expected_rows(&mut conn, &table, condition.as_deref()).await?;
                verdict.row_counts += 1;
                match visible_rows(&mut conn, name, &table).await? {
                    Ok(is) if is == should => {}
                    Ok(is) => verdict
                        .disagreements
                        .push(format!("{name} sees {is} rows of {}, and should see {should}", label(object))),
                    Err(refusal) => {
                        verdict.disagreements.push(format!("{name} cannot read {}: {refusal}", label(object)))
                    }
                }
            }
            release(&mut guard).await?;
        }
        Ok(())
    }

    /// The Roles that an account shall hold, directly or through others.
    fn reached(&self, account: RoleId) -> BTreeSet<RoleId> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![account]);
        while let Some(current) = open.pop() {
            let held = self.desired.memberships.keys().filter(|(_, member)| *member == current).map(|(role, _)| *role);
            open.extend(held.filter(|role| seen.insert(*role)));
        }
        seen
    }
}

fn union(filters: &[&RowExpression], scopes: &[&Scope]) -> anyhow::Result<String> {
    let each = filters.iter().map(|filter| expected_condition(filter, scopes)).collect::<Result<Vec<_>, _>>()?;
    Ok(each.iter().map(|one| format!("({one}\n)")).collect::<Vec<_>>().join(" OR "))
}

type Question<'a> = (Asked, &'a Object, Option<&'a str>);

fn questions<'a>(contents: &'a Contents, objects: &[&'a Object]) -> Vec<Question<'a>> {
    let mut asked = Vec::new();
    for object in objects {
        let question =
            |column: Option<i16>| Asked { kind: object.kind, oid: object.oid, name: object.name.to_string(), column };
        asked.push((question(None), *object, None));
        if object.kind.is_relation() {
            for column in contents.columns_of(object.oid) {
                asked.push((question(Some(column.number)), *object, Some(&*column.name)));
            }
        }
    }
    asked
}

fn label(object: &Object) -> String {
    match &object.schema {
        Some(schema) => format!("{} {schema}.{}", object.kind.noun(), object.name),
        None => format!("{} {}", object.kind.noun(), object.name),
    }
}
