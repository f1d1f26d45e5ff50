//! One trial: make the database, apply the first policy, drift, apply the second, undo by the first; check after each.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use jiff::Timestamp;
use rolecall_core::desire::{Book, NOBODY, Scene};
use rolecall_core::finding::Level;
use rolecall_core::lease::Leases;
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Policy as Parsed;
use rolecall_core::policy::{Sources, read};
use rolecall_core::secret::Secret;
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::apply::Applier;
use rolecall_engine::postgres::inspect::Wanted;
use rolecall_throwaway::{Binaries, Server};
use sqlx::postgres::PgConnection;

use crate::dice::Dice;
use crate::oracle::{self, Observed, observe};
use crate::policy::Policy;
use crate::world::{STRANGERS, World, ident};
use crate::{admin, compare, drift, large, own, reference, view};

/// What came of a trial that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was as it must be; how many moments between transactions were looked at.
    Right(usize),
    /// Rolecall refused a plan, and said why.
    Refused(String),
    /// What was wrong, line by line, and all that is needed to see it again.
    Wrong(Vec<String>, String),
}

/// Runs the trial of a seed on a server of its own.
///
/// # Errors
/// What kept it from being carried out.
pub fn run(seed: u64, binaries: &Binaries) -> anyhow::Result<Verdict> {
    let server = Server::start(binaries)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async { tokio::spawn(Trial::run(seed, server, binaries.version)).await? })
}

struct Trial {
    /// As who plans and applies: a superuser, or an administrator who is none.
    target: Target,
    superuser: Target,
    version: u32,
    observer: PgConnection,
    world: World,
    story: Vec<String>,
    wrong: Vec<String>,
    moments: usize,
    /// What strangers had at first.
    had: Observed,
}

impl Trial {
    async fn run(seed: u64, server: Server, version: u32) -> anyhow::Result<Verdict> {
        let mut dice = Dice::new(seed);
        let superuser = Target::parse(&Secret::new(server.url("postgres", "postgres")))?;
        let mut admin = superuser.open(None).await?;
        let mut world = World::random(&mut dice, version, &oracle::extensions(&mut admin).await?);
        let (roles, rest): (Vec<_>, Vec<_>) = world.sql.drain(..).partition(|sql| sql.starts_with("CREATE ROLE"));
        for sql in roles.iter().map(String::as_str).chain(["CREATE DATABASE app OWNER app_owner"]) {
            oracle::run(&mut admin, sql).await?;
        }
        let mut target = superuser.clone();
        if dice.chance(40) {
            oracle::run(&mut admin, "CREATE ROLE admin LOGIN CREATEROLE").await?;
            oracle::run(&mut admin, "GRANT app_owner, \"Other \"\"Owner\" TO admin").await?;
            target = Target::parse(&Secret::new(server.url("postgres", admin::NAME)))?;
        }
        let mut observer = superuser.open(Some("app")).await?;
        for sql in &rest {
            oracle::run(&mut observer, sql).await?;
        }
        world.learn(&mut observer).await?;
        oracle::prepare(&mut observer).await?;
        let had = observe(&mut observer, &world, version).await?;
        let story = roles.into_iter().chain(rest).collect();
        let mut trial = Self { target, superuser, version, observer, world, story, wrong: Vec::new(), moments: 0, had };
        let verdict = trial.play(&mut dice).await;
        let story = trial.story.join(";\n");
        let refused = verdict.with_context(|| story.clone())?;
        Ok(match refused {
            _ if !trial.wrong.is_empty() => Verdict::Wrong(trial.wrong, story),
            Some(why) => Verdict::Refused(why),
            None => Verdict::Right(trial.moments),
        })
    }

    /// Some(why) where a plan was refused.
    async fn play(&mut self, dice: &mut Dice) -> anyhow::Result<Option<String>> {
        let template = dice.pick(&["{role}", "{role}", "rc \"{role}", "Röle.{role}"]).unwrap_or("{role}");
        let strangers = oracle::strangers(&mut self.observer).await?;
        let first = Policy::random(dice, &self.world, template);
        let mut last = first.clone();
        for turn in 0..3 {
            let policy = match turn {
                1 => Policy::random(dice, &self.world, template),
                _ => first.clone(),
            };
            if let Some(why) = self.apply(&policy).await? {
                return Ok(Some(why));
            }
            let now = oracle::strangers(&mut self.observer).await?;
            for line in strangers.iter().filter(|line| !now.contains(line)) {
                self.wrong.push(format!("gone or changed: {line}"));
            }
            for line in now.iter().filter(|line| !strangers.contains(line)) {
                self.wrong.push(format!("new or changed: {line}"));
            }
            if !self.wrong.is_empty() {
                return Ok(None);
            }
            last = policy;
            if turn == 0 {
                self.drift(dice, &last).await;
            }
        }
        drop(last);
        Ok(None)
    }

    async fn drift(&mut self, dice: &mut Dice, policy: &Policy) {
        for sql in drift::random(dice, &self.world, policy) {
            // What it speaks of may not be there, or not yet.
            let done = oracle::run(&mut self.observer, &sql).await;
            if done.is_ok() {
                self.world.made_by_hand(&sql);
            }
            oracle::run(&mut self.observer, "RESET ROLE").await.ok();
            self.story.push(format!("/* by hand, {} */ {sql}", if done.is_ok() { "done" } else { "failed" }));
        }
    }

    async fn apply(&mut self, policy: &Policy) -> anyhow::Result<Option<String>> {
        let text = policy.text(&self.world);
        self.story.push(format!("/* apply */\n{text}"));
        let parsed = parse(&text)?;
        let (mut applier, mut state, mut plan) = self.plan(&parsed).await?;
        for code in ["row-policy-leak", "row-policy-wakes"] {
            let (said, must) = (said(&plan, code), own::refusals(&self.world, policy, code));
            if said != must {
                self.wrong.push(format!("{code}: {said:?}, must be {must:?}"));
            }
        }
        let settled = own::settle(&mut self.world, policy);
        if !settled.is_empty() {
            for sql in settled {
                oracle::run(&mut self.observer, &sql).await?;
                self.story.push(format!("/* as the plan says */ {sql}"));
            }
            applier.release().await?;
            (applier, state, plan) = self.plan(&parsed).await?;
        }
        let before = observe(&mut self.observer, &self.world, self.version).await?;
        let existing: BTreeSet<String> = before.keys().cloned().collect();
        let blocking: Vec<String> = plan
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .map(|finding| format!("{finding:?}"))
            .collect();
        if plan.is_blocked() {
            return Ok(Some(blocking.join("\n")));
        }
        let mut moments: Vec<(String, anyhow::Result<Observed>)> = Vec::new();
        let (observer, world, version) = (&mut self.observer, &self.world, self.version);
        let mut look = |progress: &rolecall_engine::postgres::apply::Progress| {
            // The applier waits meanwhile: this is what everybody else sees after the transaction.
            let seen = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(observe(&mut *observer, world, version))
            });
            moments.push((format!("after {:?} ({} steps)", progress.stage, progress.done), seen));
        };
        let done = applier.run(&plan.steps, state.identity.version, &mut look).await;
        done.with_context(|| format!("apply {:#?}", plan.steps))?;
        let again = applier.inspect(&wanted(&parsed)?).await?;
        let (second, _) = Plan::new(scene(&parsed, &again)?, "main");
        applier.release().await?;
        let said = said(&plan, "view-leaks-rows");
        for (code, must) in [
            ("view-leaks-rows", view::leaks(&self.world, policy, &self.had)),
            ("partition-leaks-rows", view::part_leaks(&self.world, policy, &self.had)),
            ("member-leaks-rows", reference::member_leaks(&self.world, policy, &self.had)),
        ] {
            for (when, plan) in [("before", &plan), ("after", &second)] {
                let said = self::said(plan, code);
                if said != must {
                    self.wrong.push(format!("{code} {when}: {said:?}, must be {must:?}"));
                }
            }
        }
        if !second.is_empty() {
            self.wrong.push(format!("a second plan is not empty: {:#?}", second.steps));
        }
        reference::close_public(&mut self.world, policy);
        let after = observe(&mut self.observer, &self.world, self.version).await?;
        self.check(policy, &existing, &after, &said);
        self.moments += moments.len();
        for (at, moment) in moments {
            let moment = moment.with_context(|| at.clone())?;
            compare::no_wider(&self.world, &moment, &before, &after, &at, &mut self.wrong);
            self.check_strangers(&moment, &before, &at);
        }
        self.check_strangers(&after, &after, "at the end");
        Ok(None)
    }

    /// Plans. Where a right is missing it is given, by the statement that the plan names; where none helps, a superuser plans.
    async fn plan(&mut self, policy: &Parsed) -> anyhow::Result<(Applier, ServerState, Plan)> {
        let mut target = self.target.clone();
        for _ in 0..8 {
            let mut applier = Applier::lock(&target).await?;
            let state = applier.inspect(&wanted(policy)?).await?;
            let (plan, _) = Plan::new(scene(policy, &state)?, "main");
            match admin::help(&plan) {
                admin::Help::None => return Ok((applier, state, plan)),
                admin::Help::Superuser => target = self.superuser.clone(),
                admin::Help::Statements(statements) => {
                    for (database, sql) in statements {
                        self.story.push(format!("/* as a superuser, in {database} */ {sql}"));
                        oracle::run(&mut self.superuser.open(Some(&database)).await?, &sql).await?;
                    }
                }
            }
            applier.release().await?;
        }
        bail!("what the plan says to help does not")
    }

    /// What accounts must have, and that there are no others.
    fn check(&mut self, policy: &Policy, existing: &BTreeSet<String>, after: &Observed, said: &BTreeSet<String>) {
        let wanted: BTreeMap<_, _> = reference::accounts(&self.world, policy, self.version, existing, &self.had);
        let mut accounts = BTreeMap::new();
        for (who, access) in &wanted {
            match after.get(who) {
                Some(seen) => {
                    compare::equal(&self.world, who, seen, access, &mut self.wrong);
                    accounts.insert(who.clone(), (access.clone(), seen.clone()));
                }
                None => self.wrong.push(format!("{who}: has no account")),
            }
        }
        view::check(&self.world, policy, &self.had, said, &accounts, &mut self.wrong);
        let roles: Vec<String> = (0..policy.roles.len()).map(|place| policy.role_name(place)).collect();
        let expected =
            |name: &&String| wanted.contains_key(*name) || roles.contains(name) || STRANGERS.contains(&name.as_str());
        large::handed_on(&self.world, after, &mut self.wrong);
        for name in after.keys().filter(|name| !expected(name)) {
            self.wrong.push(format!("{name}: is still there"));
        }
    }

    /// Strangers have what they had at first; at a moment, at most also what drift gave them.
    fn check_strangers(&mut self, now: &Observed, drifted: &Observed, at: &str) {
        for (who, had) in &self.had {
            let Some(access) = now.get(who) else {
                self.wrong.push(format!("{}: is gone {at}", ident(who)));
                continue;
            };
            let mut access = access.clone();
            if let (Some(extra), false) = (drifted.get(who), at == "at the end") {
                access.privileges.retain(|key| had.privileges.contains(key) || !extra.privileges.contains(key));
                access.rows.retain(|place, rows| extra.rows.get(place) != Some(rows));
            }
            access.privileges.retain(|key| !large::is_handed_on(&self.world, who, key));
            compare::kept(who, &access, had, &self.world.opened, at, &mut self.wrong);
        }
    }
}

/// What a plan's findings of a kind are about.
fn said(plan: &Plan, code: &str) -> BTreeSet<String> {
    let about = plan.findings.iter().filter(|finding| finding.code == code);
    about.map(|finding| finding.subject.clone()).collect()
}

fn parse(text: &str) -> anyhow::Result<Parsed> {
    let mut sources = Sources::new();
    sources.add_bytes("policy.yaml".to_owned(), text.as_bytes());
    let outcome = read(&sources, Timestamp::now());
    match outcome.policy {
        Some(policy) => Ok(policy),
        None => bail!("the generated policy is refused: {:#?}", outcome.problems),
    }
}

fn wanted(policy: &Parsed) -> anyhow::Result<Wanted> {
    let patterns = policy.roles.values().flat_map(|role| &role.grants).flat_map(|grant| &grant.on);
    let patterns = patterns.map(|pattern| pattern.value.clone()).collect();
    Ok(Wanted { databases: vec!["app".to_owned()], columns: BTreeMap::from([("app".to_owned(), patterns)]) })
}

fn scene<'a>(policy: &'a Parsed, state: &'a ServerState) -> anyhow::Result<Scene<'a>> {
    let environment = policy.environments.get("test").context("no environment")?;
    let server = environment.servers.get("main").context("no server")?;
    let (leases, suspended) = (Leases::none(), &NOBODY);
    Ok(Scene {
        policy,
        environment_name: "test",
        environment,
        server_name: "main",
        server,
        state,
        now: Timestamp::now(),
        leases,
        suspended,
        book: Book::default(),
    })
}
