//! Written by `BLESS=1 cargo test -p generate`.

mod m20260101_000001_add_a_table_of_accounts;
mod m20260101_000011_add_a_table_without_accounts;
mod m20260101_000021_add_two_tables_that_refer_to_each_other_in_order;
mod m20260101_000031_add_a_table_with_an_enum_of_its_own;
mod m20260101_000041_drop_a_table;
mod m20260101_000051_rename_a_table;
mod m20260101_000061_rename_a_table_by_its_declaration;
mod m20260101_000071_add_a_column;
mod m20260101_000081_add_a_column_with_a_default;
mod m20260101_000091_add_a_column_that_rows_need;
mod m20260101_000101_add_a_column_with_a_check_and_an_index;
mod m20260101_000102_add_a_column_with_a_check_and_an_index_online;
mod m20260101_000111_drop_a_column;
mod m20260101_000121_drop_a_column_that_was_never_null;
mod m20260101_000131_drop_a_column_with_its_check_and_its_index;
mod m20260101_000141_drop_one_column_and_add_another;
mod m20260101_000151_rename_a_column;
mod m20260101_000161_rename_a_column_that_checks_and_indexes_name;
mod m20260101_000171_make_a_column_wider;
mod m20260101_000181_make_a_text_of_a_limited_one;
mod m20260101_000191_make_a_text_an_id;
mod m20260101_000201_make_a_number_exact;
mod m20260101_000202_make_a_number_exact_online;
mod m20260101_000211_give_vectors_another_dimension;
mod m20260101_000221_require_a_column;
mod m20260101_000231_require_a_column_and_fill_it;
mod m20260101_000241_release_a_column;
mod m20260101_000251_give_a_default;
mod m20260101_000261_change_a_default;
mod m20260101_000271_take_a_default_away;
mod m20260101_000281_add_a_check;
mod m20260101_000291_change_a_check;
mod m20260101_000292_change_a_check_online;
mod m20260101_000301_drop_a_check;
mod m20260101_000311_validate_a_check_that_was_never_looked_at;
mod m20260101_000321_add_a_unique_key;
mod m20260101_000331_add_a_unique_key_for_nulls_too;
mod m20260101_000341_add_a_unique_key_of_all_accounts;
mod m20260101_000351_drop_a_unique_key;
mod m20260101_000361_add_a_foreign_key;
mod m20260101_000362_add_a_foreign_key_online;
mod m20260101_000371_add_a_foreign_key_with_its_index;
mod m20260101_000381_drop_a_foreign_key;
mod m20260101_000391_change_a_primary_key;
mod m20260101_000401_add_an_index;
mod m20260101_000411_add_an_index_of_some_rows;
mod m20260101_000421_add_an_index_in_descending_order;
mod m20260101_000431_add_an_index_with_nulls_last;
mod m20260101_000441_add_an_index_that_carries_columns;
mod m20260101_000451_add_an_index_of_vectors;
mod m20260101_000461_add_an_index_of_vectors_with_parameters;
mod m20260101_000471_change_an_index;
mod m20260101_000472_change_an_index_online;
mod m20260101_000481_rename_an_index;
mod m20260101_000491_drop_an_index;
mod m20260101_000501_add_a_label;
mod m20260101_000511_add_labels_in_the_middle;
mod m20260101_000521_add_a_label_and_use_it_labels;
mod m20260101_000522_add_a_label_and_use_it;
mod m20260101_000523_add_a_label_and_use_it_online;
mod m20260101_000531_rename_a_label;
mod m20260101_000541_rename_a_label_by_its_declaration;
mod m20260101_000551_remove_a_label;
mod m20260101_000561_remove_a_label_of_a_type_that_a_check_names;
mod m20260101_000571_bring_labels_into_another_order;
mod m20260101_000581_add_a_column_of_a_new_enum;
mod m20260101_000591_drop_an_enum_with_its_column;
mod m20260101_000601_say_what_a_column_is;
mod m20260101_000611_say_nothing_any_more;
mod m20260101_000621_grant_a_verb;
mod m20260101_000631_take_a_verb;
mod m20260101_000641_grant_single_columns;
mod m20260101_000651_take_back_what_was_opened_by_hand;
mod m20260101_000661_close_what_was_opened_by_hand;
mod m20260101_000671_make_policies_by_another_column;
mod m20260101_000681_add_a_lookup;
mod m20260101_000691_change_a_lookup;
mod m20260101_000701_drop_a_lookup;
mod m20260101_000711_add_an_extension_with_an_index_that_needs_it;
mod m20260101_000712_add_an_extension_with_an_index_that_needs_it_online;
mod m20260101_000721_drop_an_extension_that_a_column_needed;
mod m20260101_000731_drop_an_extension_with_its_index;
mod m20260101_000741_add_a_foreign_key_to_rows_that_are_there;
mod m20260101_000751_make_a_flag_a_number_with_its_default;
mod m20260101_000761_make_an_enum_a_text_with_its_default;
mod m20260101_000762_make_an_enum_a_text_with_its_default_online;
mod m20260101_000771_make_an_enum_another_one;
mod m20260101_000772_make_an_enum_another_one_online;

use sea_orm_migration::MigrationTrait;

/// All of them.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20260101_000001_add_a_table_of_accounts::Migration),
        Box::new(m20260101_000011_add_a_table_without_accounts::Migration),
        Box::new(m20260101_000021_add_two_tables_that_refer_to_each_other_in_order::Migration),
        Box::new(m20260101_000031_add_a_table_with_an_enum_of_its_own::Migration),
        Box::new(m20260101_000041_drop_a_table::Migration),
        Box::new(m20260101_000051_rename_a_table::Migration),
        Box::new(m20260101_000061_rename_a_table_by_its_declaration::Migration),
        Box::new(m20260101_000071_add_a_column::Migration),
        Box::new(m20260101_000081_add_a_column_with_a_default::Migration),
        Box::new(m20260101_000091_add_a_column_that_rows_need::Migration),
        Box::new(m20260101_000101_add_a_column_with_a_check_and_an_index::Migration),
        Box::new(m20260101_000102_add_a_column_with_a_check_and_an_index_online::Migration),
        Box::new(m20260101_000111_drop_a_column::Migration),
        Box::new(m20260101_000121_drop_a_column_that_was_never_null::Migration),
        Box::new(m20260101_000131_drop_a_column_with_its_check_and_its_index::Migration),
        Box::new(m20260101_000141_drop_one_column_and_add_another::Migration),
        Box::new(m20260101_000151_rename_a_column::Migration),
        Box::new(m20260101_000161_rename_a_column_that_checks_and_indexes_name::Migration),
        Box::new(m20260101_000171_make_a_column_wider::Migration),
        Box::new(m20260101_000181_make_a_text_of_a_limited_one::Migration),
        Box::new(m20260101_000191_make_a_text_an_id::Migration),
        Box::new(m20260101_000201_make_a_number_exact::Migration),
        Box::new(m20260101_000202_make_a_number_exact_online::Migration),
        Box::new(m20260101_000211_give_vectors_another_dimension::Migration),
        Box::new(m20260101_000221_require_a_column::Migration),
        Box::new(m20260101_000231_require_a_column_and_fill_it::Migration),
        Box::new(m20260101_000241_release_a_column::Migration),
        Box::new(m20260101_000251_give_a_default::Migration),
        Box::new(m20260101_000261_change_a_default::Migration),
        Box::new(m20260101_000271_take_a_default_away::Migration),
        Box::new(m20260101_000281_add_a_check::Migration),
        Box::new(m20260101_000291_change_a_check::Migration),
        Box::new(m20260101_000292_change_a_check_online::Migration),
        Box::new(m20260101_000301_drop_a_check::Migration),
        Box::new(m20260101_000311_validate_a_check_that_was_never_looked_at::Migration),
        Box::new(m20260101_000321_add_a_unique_key::Migration),
        Box::new(m20260101_000331_add_a_unique_key_for_nulls_too::Migration),
        Box::new(m20260101_000341_add_a_unique_key_of_all_accounts::Migration),
        Box::new(m20260101_000351_drop_a_unique_key::Migration),
        Box::new(m20260101_000361_add_a_foreign_key::Migration),
        Box::new(m20260101_000362_add_a_foreign_key_online::Migration),
        Box::new(m20260101_000371_add_a_foreign_key_with_its_index::Migration),
        Box::new(m20260101_000381_drop_a_foreign_key::Migration),
        Box::new(m20260101_000391_change_a_primary_key::Migration),
        Box::new(m20260101_000401_add_an_index::Migration),
        Box::new(m20260101_000411_add_an_index_of_some_rows::Migration),
        Box::new(m20260101_000421_add_an_index_in_descending_order::Migration),
        Box::new(m20260101_000431_add_an_index_with_nulls_last::Migration),
        Box::new(m20260101_000441_add_an_index_that_carries_columns::Migration),
        Box::new(m20260101_000451_add_an_index_of_vectors::Migration),
        Box::new(m20260101_000461_add_an_index_of_vectors_with_parameters::Migration),
        Box::new(m20260101_000471_change_an_index::Migration),
        Box::new(m20260101_000472_change_an_index_online::Migration),
        Box::new(m20260101_000481_rename_an_index::Migration),
        Box::new(m20260101_000491_drop_an_index::Migration),
        Box::new(m20260101_000501_add_a_label::Migration),
        Box::new(m20260101_000511_add_labels_in_the_middle::Migration),
        Box::new(m20260101_000521_add_a_label_and_use_it_labels::Migration),
        Box::new(m20260101_000522_add_a_label_and_use_it::Migration),
        Box::new(m20260101_000523_add_a_label_and_use_it_online::Migration),
        Box::new(m20260101_000531_rename_a_label::Migration),
        Box::new(m20260101_000541_rename_a_label_by_its_declaration::Migration),
        Box::new(m20260101_000551_remove_a_label::Migration),
        Box::new(m20260101_000561_remove_a_label_of_a_type_that_a_check_names::Migration),
        Box::new(m20260101_000571_bring_labels_into_another_order::Migration),
        Box::new(m20260101_000581_add_a_column_of_a_new_enum::Migration),
        Box::new(m20260101_000591_drop_an_enum_with_its_column::Migration),
        Box::new(m20260101_000601_say_what_a_column_is::Migration),
        Box::new(m20260101_000611_say_nothing_any_more::Migration),
        Box::new(m20260101_000621_grant_a_verb::Migration),
        Box::new(m20260101_000631_take_a_verb::Migration),
        Box::new(m20260101_000641_grant_single_columns::Migration),
        Box::new(m20260101_000651_take_back_what_was_opened_by_hand::Migration),
        Box::new(m20260101_000661_close_what_was_opened_by_hand::Migration),
        Box::new(m20260101_000671_make_policies_by_another_column::Migration),
        Box::new(m20260101_000681_add_a_lookup::Migration),
        Box::new(m20260101_000691_change_a_lookup::Migration),
        Box::new(m20260101_000701_drop_a_lookup::Migration),
        Box::new(m20260101_000711_add_an_extension_with_an_index_that_needs_it::Migration),
        Box::new(m20260101_000712_add_an_extension_with_an_index_that_needs_it_online::Migration),
        Box::new(m20260101_000721_drop_an_extension_that_a_column_needed::Migration),
        Box::new(m20260101_000731_drop_an_extension_with_its_index::Migration),
        Box::new(m20260101_000741_add_a_foreign_key_to_rows_that_are_there::Migration),
        Box::new(m20260101_000751_make_a_flag_a_number_with_its_default::Migration),
        Box::new(m20260101_000761_make_an_enum_a_text_with_its_default::Migration),
        Box::new(m20260101_000762_make_an_enum_a_text_with_its_default_online::Migration),
        Box::new(m20260101_000771_make_an_enum_another_one::Migration),
        Box::new(m20260101_000772_make_an_enum_another_one_online::Migration),
    ]
}
