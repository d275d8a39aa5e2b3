//! Ways round the guard, each a claim that it doesn't compile, with a control beside it that does.
//!
//! A claim is a file in `tests/compile_fail`, named as one; its first lines say what it claims and which errors the
//! compiler gives, and no others. Its control, in `controls`, differs in the forbidden thing alone, so that the claim
//! fails for the right reason. The controls are compiled into this binary.
//!
//! S01: each `cannot_name_an_entity_of_…`. S02: `cannot_call_query_trait_methods_on_a_select` and its neighbours. S03:
//! those of `AccountId`. S28: `cannot_open_another_account_inside_a_transaction`.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test -p tests compile_fail` writes the `.stderr` files anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

// A control reads like its claim, with the forbidden thing exchanged, even where that leaves a borrow too many.
#[allow(dead_code, clippy::needless_borrow)]
#[path = "../compile_fail/controls"]
mod controls {
    mod a_marker_that_is_no_tenant_table_control;
    mod a_type_that_is_no_column_type_control;
    mod a_type_that_reaches_sql_control;
    mod cannot_begin_a_transaction_inside_a_transaction_control;
    mod cannot_begin_a_transaction_while_a_stream_runs_control;
    mod cannot_begin_two_transactions_on_one_handle_control;
    mod cannot_build_a_cursor_from_parts_control;
    mod cannot_call_query_trait_methods_on_a_select_control;
    mod cannot_clear_a_column_that_is_never_null_control;
    mod cannot_clone_a_tenant_control;
    mod cannot_combine_filters_of_two_tables_control;
    mod cannot_commit_in_the_body_of_a_transaction_control;
    mod cannot_commit_twice_control;
    mod cannot_compare_a_column_with_another_type_control;
    mod cannot_construct_a_type_with_private_fields_control;
    mod cannot_construct_a_value_control;
    mod cannot_construct_an_account_id_control;
    mod cannot_convert_a_uuid_into_an_account_id_control;
    mod cannot_delete_without_a_filter_control;
    mod cannot_derive_tenant_scoped_without_the_account_control;
    mod cannot_deserialize_an_account_id_control;
    mod cannot_enqueue_outside_a_transaction_control;
    mod cannot_exchange_the_transaction_of_a_body_control;
    mod cannot_exchange_the_transaction_of_an_attempt_control;
    mod cannot_filter_by_another_tables_column_control;
    mod cannot_filter_by_sql_control;
    mod cannot_group_by_another_tables_column_control;
    mod cannot_keep_a_handle_beyond_its_transaction_control;
    mod cannot_leave_out_the_account_control;
    mod cannot_let_callers_set_the_account_control;
    mod cannot_let_callers_set_the_key_control;
    mod cannot_make_a_predicate_from_sql_control;
    mod cannot_make_an_account_id_by_default_control;
    mod cannot_make_an_account_with_a_tenant_control;
    mod cannot_name_an_entity_of_account_agents_control;
    mod cannot_name_an_entity_of_account_payment_settings_control;
    mod cannot_name_an_entity_of_account_payout_routes_control;
    mod cannot_name_an_entity_of_accounts_control;
    mod cannot_name_an_entity_of_connected_accounts_control;
    mod cannot_name_an_entity_of_content_embeddings_control;
    mod cannot_name_an_entity_of_pay_out_control;
    mod cannot_name_an_entity_of_payment_log_heads_control;
    mod cannot_name_an_entity_of_payment_share_tracking_control;
    mod cannot_name_an_entity_of_payment_system_logs_control;
    mod cannot_name_an_entity_of_ppu_control;
    mod cannot_name_an_entity_of_ppu_redemptions_control;
    mod cannot_name_an_entity_of_stripe_events_control;
    mod cannot_name_an_entity_of_stripe_outbox_control;
    mod cannot_name_an_entity_of_stripe_payments_control;
    mod cannot_name_the_private_module_control;
    mod cannot_name_the_stored_twin_of_an_enum_control;
    mod cannot_open_another_account_inside_a_transaction_control;
    mod cannot_parse_an_account_id_control;
    mod cannot_pass_a_plain_uuid_for_a_payments_id_control;
    mod cannot_pass_a_uuid_for_the_account_control;
    mod cannot_pass_an_account_id_for_a_tenant_control;
    mod cannot_pass_an_option_for_the_account_control;
    mod cannot_project_the_entity_from_the_marker_control;
    mod cannot_put_another_guard_into_a_tenant_control;
    mod cannot_put_another_guard_into_the_system_scope_control;
    mod cannot_put_another_handle_into_a_transaction_control;
    mod cannot_reach_the_guard_from_a_tenant_control;
    mod cannot_read_the_private_field_control;
    mod cannot_run_a_statement_of_ones_own_control;
    mod cannot_run_a_statement_with_an_applications_handle_control;
    mod cannot_set_the_account_in_a_new_payment_control;
    mod cannot_set_the_account_in_a_patch_control;
    mod cannot_set_the_account_in_an_update_control;
    mod cannot_set_the_amount_in_a_patch_control;
    mod cannot_set_the_key_in_an_update_control;
    mod cannot_set_the_status_in_a_new_payment_control;
    mod cannot_take_a_transaction_apart_control;
    mod cannot_take_the_handle_out_of_a_transaction_control;
    mod cannot_update_without_a_filter_control;
    mod cannot_use_a_marker_as_an_entity_control;
    mod cannot_use_a_row_as_a_model_control;
    mod cannot_use_a_transaction_after_its_commit_control;
    mod cannot_use_the_outer_handle_in_the_body_of_a_transaction_control;
    mod cannot_use_the_outer_handle_inside_a_transaction_control;
}

/// How many lines a claim and its control have that the other one has not.
const LINES_APART: usize = 4;

#[test]
fn each_way_round_the_guard_is_refused_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn each_claim_has_a_control_that_is_compiled_and_differs_in_little() {
    let claims = texts("", "rs");
    let controls = texts("controls", "rs");
    let compiled = include_str!("compile_fail.rs");
    assert!(claims.len() >= 70, "{} claims", claims.len());
    let expected = claims.keys().map(|name| format!("{name}_control"));
    let expected: BTreeSet<String> = expected.collect();
    let found: BTreeSet<String> = controls.keys().cloned().collect();
    assert_eq!(expected, found, "one control for each claim");
    for (name, claim) in &claims {
        let control = &controls[&format!("{name}_control")];
        let line = format!("\n    mod {name}_control;\n");
        assert!(
            compiled.contains(&line),
            "{name}: add `mod {name}_control;` to `controls` in this file"
        );
        let (only_claim, only_control) = (only(claim, control), only(control, claim));
        assert!(!only_claim.is_empty(), "{name}: the control is the claim");
        for apart in [only_claim, only_control] {
            assert!(
                apart.len() <= LINES_APART,
                "{name} and its control differ in {apart:#?}"
            );
        }
    }
}

#[test]
fn each_claim_fails_with_the_errors_that_it_names() {
    let claims = texts("", "rs");
    let mut outputs = texts("", "stderr");
    for (name, claim) in &claims {
        let mut header = claim.lines().map_while(|line| line.strip_prefix("// "));
        let first = header.next().unwrap_or_default();
        assert!(first.starts_with("claim: "), "{name} begins with no claim");
        let named: Vec<&str> = header.collect();
        let output = outputs.remove(name);
        let output = output.unwrap_or_else(|| panic!("{name} has no .stderr"));
        let errors = output.lines().filter(|line| line.starts_with("error"));
        let given: Vec<&str> = errors.collect();
        assert_eq!(named, given, "{name} names other errors than it gives");
        for word in ["/home/", "/root/", "/tmp/", "$CARGO", "$RUST", "registry"] {
            assert!(
                !output.contains(word),
                "{name}.stderr says `{word}`, which differs between machines"
            );
        }
    }
    let left: Vec<&String> = outputs.keys().collect();
    assert!(left.is_empty(), "a .stderr without its .rs: {left:?}");
}

/// S01
#[test]
fn each_table_has_the_claim_that_its_entity_can_not_be_named() {
    let claims = texts("", "rs");
    for table in entity::schema::TABLES {
        let name = format!("cannot_name_an_entity_of_{}", table.name);
        let claim = claims
            .get(&name)
            .unwrap_or_else(|| panic!("no claim {name}"));
        for item in [
            "ActiveModel",
            "Column",
            "Entity",
            "Model",
            "PrimaryKey",
            "Relation",
        ] {
            assert!(
                claim.contains(&format!("`{item}` is private")),
                "{name} has no {item}"
            );
        }
    }
}

/// The files in a folder beside the claims, by their stems.
fn texts(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = fs::read_dir(tests.join("compile_fail").join(folder)).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let wanted = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    let read = |path: PathBuf| {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (stem, fs::read_to_string(path).unwrap())
    };
    wanted.map(read).collect()
}

/// The lines of code that stand in `this` and not in `other`.
fn only<'t>(this: &'t str, other: &'t str) -> Vec<&'t str> {
    let mut others: Vec<&str> = code(other).collect();
    let met = |line: &&str| match others.iter().position(|other| other == line) {
        Some(place) => {
            others.swap_remove(place);
            false
        }
        None => true,
    };
    code(this).filter(met).collect()
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}
