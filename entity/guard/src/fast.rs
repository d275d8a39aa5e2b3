//! The fast form of a statement that runs alone: the account is set inside the statement itself, before any row is looked
//! at, so that neither BEGIN nor COMMIT is sent.
//!
//! That the account is set first is how the planner works, and no promise of PostgreSQL's. So each text is proved on the
//! server that is to run it: by EXPLAIN of its generic plan, in which the gate has to stand above every scan. What isn't
//! proved travels as a transaction. Where a plan would break its proof later, row level security sees no account, and shows
//! no row.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;

use crate::{
    Config, Table,
    connection::Connection,
    error::Failure,
    mutant::{self, Mutant},
    statement::{Operation, Statement},
    text::{ByText, Text, by_text},
};

/// Which statements of a server have a fast form.
pub(crate) struct Forms {
    on: AtomicBool,
    /// The fast form of each text that was looked at; none where it has none.
    of: Mutex<ByText<Option<Text>>>,
}

impl Forms {
    pub(crate) fn new(config: &Config) -> Self {
        // Citus doesn't hand on to its workers what a function sets.
        let without = [Mutant::ContextSet, Mutant::ContextLocal];
        let whole = !without.into_iter().any(mutant::on);
        let on = config.fast_form && !config.citus && whole;
        let texts = NonZeroUsize::new(config.statement_cache.saturating_mul(4));
        Self {
            on: AtomicBool::new(on),
            of: Mutex::new(by_text(texts.unwrap_or(NonZeroUsize::MIN))),
        }
    }

    /// Asks the server whether it plans a gate at all, and settles for transactions if it doesn't.
    pub(crate) async fn try_out(&self, connection: &Connection, tables: &[&'static Table]) {
        let (true, Some(table)) = (self.on.load(Ordering::Acquire), tables.first()) else {
            return;
        };
        let (name, tenant) = (table.name, table.tenant);
        let sql = format!("SELECT 1 FROM \"{name}\" WHERE \"{name}\".\"{tenant}\" = $1");
        let mut statement = Statement::new(sql, Vec::new(), Operation::Select, name);
        statement.gated = Some(table);
        if !matches!(self.fast(connection, &statement).await, Ok(Some(_))) {
            tracing::info!("no fast form on this server: each statement is a transaction");
            self.on.store(false, Ordering::Release);
        }
    }

    /// The statement's fast form, if the server has proved it.
    pub(crate) async fn fast(
        &self,
        connection: &Connection,
        statement: &Statement,
    ) -> Result<Option<Text>, Failure> {
        let (true, Some(table), None) = (
            self.on.load(Ordering::Acquire),
            statement.gated,
            &statement.settings,
        ) else {
            return Ok(None);
        };
        if let Some(known) = self.texts().get(&statement.sql) {
            return Ok(known.clone());
        }
        let fast = match gated(&statement.sql, statement.operation, table) {
            None => None,
            Some(text) => match Box::pin(connection.explain(&text)).await {
                Ok(plan) => proved(&plan, statement.operation).then(|| text.into()),
                Err(failure) if failure.is_lost() => return Err(failure),
                // Refused: what is wrong with it is said when it runs.
                Err(_) => return Ok(None),
            },
        };
        self.texts().put(statement.sql.clone(), fast.clone());
        Ok(fast)
    }

    /// Forgets what was proved of a statement, after the schema changed under it.
    pub(crate) fn forget(&self, statement: &Statement) {
        self.texts().pop(&statement.sql);
    }

    fn texts(&self) -> MutexGuard<'_, ByText<Option<Text>>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text with the gate first: before the account test in the outermost WHERE, or as the account's value in a new row.
/// Nothing, where the account doesn't stand where the guard puts it.
fn gated(sql: &str, operation: Operation, table: &Table) -> Option<String> {
    if operation == Operation::Insert {
        let first = [
            ("VALUES ($1,", "VALUES ("),
            ("SELECT CAST($1 AS uuid),", "SELECT "),
        ];
        let placed = |(whole, opening)| sql.split_once(whole).map(|parts| (parts, opening));
        let ((before, after), opening) = first.into_iter().find_map(placed)?;
        let gate = gate("$1");
        return Some(format!("{before}{opening}CAST({gate} AS uuid),{after}"));
    }
    let (before, after) = sql.split_once(" WHERE ")?;
    let test = format!("\"{}\".\"{}\" = $", table.name, table.tenant);
    let number = after.strip_prefix(test.as_str())?;
    let digits = number.find(|c: char| !c.is_ascii_digit());
    let number = number.get(..digits.unwrap_or(number.len()))?;
    let gate = gate(&format!("${number}"));
    Some(format!("{before} WHERE {gate} IS NOT NULL AND {after}"))
}

/// Sets the account until the statement's own transaction ends, and gives it.
fn gate(account: &str) -> String {
    format!("(SELECT set_config('app.account_id', CAST(CAST({account} AS uuid) AS text), true))")
}

/// Whether the plan sets the account before it looks at any row: the gate stands first in the condition of a node above
/// each scan, which the server tests once, before anything below; or, for new rows, in the row itself, and nothing is read.
fn proved(plan: &Value, operation: Operation) -> bool {
    let Some(root) = plan.pointer("/0/Plan") else {
        return false;
    };
    let Some(gate) = gate_in(root) else {
        return false;
    };
    if operation != Operation::Insert {
        return is_gated(root, &gate, false);
    }
    let account = format!("({gate})::uuid");
    text(root, "Node Type") == "ModifyTable"
        && rows_of(root).is_some_and(|rows| makes(rows, &account))
        && children(root).all(|child| !reads(child))
}

/// Whether every row that comes from here holds this value.
fn makes(node: &Value, value: &str) -> bool {
    let output = node.get("Output").and_then(Value::as_array);
    output.is_some_and(|output| output.iter().any(|made| made == value))
        || rows_of(node).is_some_and(|rows| makes(rows, value))
}

/// The node whose rows this one takes.
fn rows_of(node: &Value) -> Option<&Value> {
    let gives = |child: &&Value| matches!(text(child, "Parent Relationship"), "Outer" | "Subquery");
    children(node).find(gives)
}

/// Whether each node that reads rows is below the gate.
fn is_gated(node: &Value, gate: &str, below: bool) -> bool {
    let condition = text(node, "One-Time Filter");
    let alone = format!("({gate} IS NOT NULL)");
    let below = below || condition == alone || condition.starts_with(&format!("({alone} AND "));
    let scans = text(node, "Node Type") != "ModifyTable" && scans(node);
    (below || !scans)
        && children(node).all(|child| {
            // An InitPlan runs when it is first asked for, wherever it is written.
            let asked = text(child, "Parent Relationship") == "InitPlan";
            is_gated(child, gate, below && !asked)
        })
}

fn reads(node: &Value) -> bool {
    scans(node) || children(node).any(reads)
}

fn scans(node: &Value) -> bool {
    node.get("Relation Name").is_some() || node.get("Index Name").is_some()
}

/// How the plan calls the gate's value, if this node is the gate: `$0` up to PostgreSQL 16, `(InitPlan 1).col1` later.
fn gate_of(node: &Value) -> Option<String> {
    let output = node.get("Output")?.as_array()?;
    let sets = "set_config('app.account_id'::text, ";
    let [Value::String(only)] = output.as_slice() else {
        return None;
    };
    if !(only.starts_with(sets) && only.ends_with(", true)")) || children(node).next().is_some() {
        return None;
    }
    let name = text(node, "Subplan Name");
    Some(match name.split_once(" (returns ") {
        Some((_, value)) => value.trim_end_matches(')').to_owned(),
        None => format!("({name}).col1"),
    })
}

fn gate_in(node: &Value) -> Option<String> {
    children(node).find_map(|child| gate_of(child).or_else(|| gate_in(child)))
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    let plans = node.get("Plans").and_then(Value::as_array);
    plans.into_iter().flatten()
}

fn text<'v>(node: &'v Value, key: &str) -> &'v str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GATE: &str = "((InitPlan 1).col1 IS NOT NULL)";

    fn initplan(output: &str) -> Value {
        json!({"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1",
               "Output": [output]})
    }

    fn sets() -> Value {
        initplan("set_config('app.account_id'::text, ($1)::text, true)")
    }

    /// A condition, tested once, above an index's scan; the first is the gate or isn't.
    fn under(condition: &str, gate: Value) -> Value {
        json!([{"Plan": {"Node Type": "Limit", "Plans": [
            {"Node Type": "Result", "Parent Relationship": "Outer", "One-Time Filter": condition, "Plans": [
                gate,
                {"Node Type": "Index Scan", "Parent Relationship": "Outer", "Relation Name": "notes"}]}]}}])
    }

    fn is_proved(plan: &Value) -> bool {
        proved(plan, Operation::Select)
    }

    #[test]
    fn a_gate_that_stands_first_above_the_scan_is_proved() {
        assert!(is_proved(&under(GATE, sets())));
        let more = format!("({GATE} AND ((InitPlan 2).col1 = $1))");
        assert!(is_proved(&under(&more, sets())));
        // As PostgreSQL 16 says it.
        let mut old = sets();
        old["Subplan Name"] = "InitPlan 1 (returns $0)".into();
        assert!(is_proved(&under("($0 IS NOT NULL)", old.clone())));
        assert!(!is_proved(&under("($01 IS NOT NULL)", old)));
    }

    #[test]
    fn a_gate_that_does_not_stand_first_is_not_proved() {
        let late = format!("(((InitPlan 2).col1 = $1) AND {GATE})");
        assert!(!is_proved(&under(&late, sets())), "after another test");
        let or = under(
            "(((InitPlan 2).col1 IS NOT NULL) OR (InitPlan 1).col1 IS NOT NULL)",
            sets(),
        );
        assert!(!is_proved(&or));
        let either = format!("({GATE} OR ((InitPlan 2).col1 = $1))");
        assert!(!is_proved(&under(&either, sets())), "or another test");
        assert!(!is_proved(&under("", sets())), "in no condition");
        let other = initplan("set_config('app.other'::text, ($1)::text, true)");
        assert!(!is_proved(&under(GATE, other)), "sets something else");
        let session = initplan("set_config('app.account_id'::text, ($1)::text, false)");
        assert!(
            !is_proved(&under(GATE, session)),
            "longer than the statement"
        );
        assert!(!is_proved(&json!([])), "not a plan");
    }

    #[test]
    fn a_scan_beside_the_gate_is_not_proved() {
        for relation in ["Outer", "InitPlan"] {
            let mut plan = under(GATE, sets());
            let beside = json!({"Node Type": "Seq Scan", "Relation Name": "notes", "Parent Relationship": relation});
            plan[0]["Plan"]["Plans"]
                .as_array_mut()
                .expect("it is a list")
                .push(beside);
            assert!(!is_proved(&plan), "{relation}");
        }
        // Below the gate's node, but asked for by whoever comes first.
        let mut plan = under(GATE, sets());
        let asked = json!({"Node Type": "Seq Scan", "Relation Name": "notes", "Parent Relationship": "InitPlan"});
        let below = plan
            .pointer_mut("/0/Plan/Plans/0/Plans")
            .and_then(Value::as_array_mut);
        below.expect("it is a list").push(asked);
        assert!(!is_proved(&plan));
    }

    #[test]
    fn a_new_row_is_proved_when_it_holds_the_gate_and_nothing_is_read() {
        let plan = |value: &str, below: Value| {
            json!([{"Plan": {"Node Type": "ModifyTable", "Relation Name": "notes", "Plans": [
                sets(),
                {"Node Type": "Result", "Parent Relationship": "Outer", "Output": [value, "$2"], "Plans": [below]}]}}])
        };
        let nothing = json!({"Node Type": "Result", "Parent Relationship": "Outer"});
        let own = "((InitPlan 1).col1)::uuid";
        assert!(proved(&plan(own, nothing.clone()), Operation::Insert));
        assert!(!proved(&plan("$1", nothing), Operation::Insert));
        let read = json!({"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "notes"});
        assert!(!proved(&plan(own, read), Operation::Insert));
    }

    const NOTES: Table = Table {
        name: "notes",
        tenant: "account_id",
        id: None,
        created_at: None,
        updated_at: None,
        columns: &[],
        app: &[],
        system: &[],
    };

    #[test]
    fn where_the_account_does_not_stand_first_there_is_no_fast_text() {
        let fast = |sql: &str, operation| gated(sql, operation, &NOTES);
        let select = |condition: &str| {
            fast(
                &format!("SELECT 1 FROM \"notes\" WHERE {condition}"),
                Operation::Select,
            )
        };
        let own = "\"notes\".\"account_id\" = $12";
        let gated = select(own).expect("it has one");
        assert!(
            gated.contains("CAST($12 AS uuid)") && gated.ends_with(own),
            "{gated}"
        );
        assert_eq!(
            select("\"notes\".\"id\" = $1 AND \"notes\".\"account_id\" = $2"),
            None
        );
        assert_eq!(select("\"links\".\"account_id\" = $1"), None);
        assert_eq!(select("TRUE"), None);
        assert_eq!(fast("SELECT 1 FROM \"notes\"", Operation::Select), None);
        let insert = |values: &str| {
            fast(
                &format!("INSERT INTO \"notes\" {values}"),
                Operation::Insert,
            )
        };
        assert!(insert("(\"account_id\", \"id\") VALUES ($1, $2)").is_some());
        assert_eq!(insert("(\"account_id\", \"id\") VALUES ($2, $1)"), None);
        assert_eq!(insert("(\"account_id\", \"id\") VALUES ($10, $1)"), None);
    }
}
