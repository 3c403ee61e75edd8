"""What an engine is known to do otherwise than DynamoDB, by the question that shows it. Each fails, or the mark is wrong."""

NOT_SAFE = "it is not made for threads: a failing transaction puts back a copy of the whole table"

KNOWN: dict[str, dict[str, str]] = {
    "memory": {
        "test_a_key_without_text_is_refused": "it validates nothing",
        "test_an_item_of_400_kb_is_kept_and_one_byte_more_is_refused": "it validates nothing",
        "test_a_transaction_with_an_item_that_is_too_large_is_refused_for_good": "it validates nothing",
        "test_who_overwrites_pays_for_the_larger_of_both": "it counts the new item alone",
        "test_who_deletes_pays_for_what_goes": "it counts one unit",
        "test_a_transaction_that_overwrites_and_removes_pays_double_for_the_larger": "it counts the new items alone",
    },
    "ministack": {
        "test_a_consistent_read_of_one_item_costs_a_unit_for_each_begun_4_kb_and_any_other_half_of_it": "an item of any size is 4 KB to it",
        "test_a_query_and_a_scan_cost_as_much_as_what_they_read": "a page of any size is 4 KB to it",
        "test_items_that_are_read_together_are_rounded_together": "a page of any size is 4 KB to it",
    },
    "dynamodb-local": {
        "test_a_transaction_of_two_writes_to_one_item_is_refused": "it looks at the conditions first, and cancels",
        "test_a_write_in_a_transaction_costs_double": "it reports half where all items are of up to 1 KB",
        "test_reading_nothing_costs_as_much_as_reading_a_little": "nothing costs nothing",
    },
    "moto": {
        "test_a_token_does_not_serve_for_another_transaction": "it ignores tokens",
        "test_a_transaction_that_is_sent_again_under_its_token_has_one_effect": "it ignores tokens",
        "test_an_item_of_400_kb_is_kept_and_one_byte_more_is_refused": "it refuses before",
        "test_the_same_put_over_itself_leaves_no_record": "it records what changed nothing",
        "test_a_write_costs_a_unit_for_each_begun_kb": "every call costs one unit",
        "test_a_write_in_a_transaction_costs_double": "a transaction reports nothing",
        "test_a_consistent_read_of_one_item_costs_a_unit_for_each_begun_4_kb_and_any_other_half_of_it": "it reports nothing",
        "test_a_query_and_a_scan_cost_as_much_as_what_they_read": "every call costs one unit",
        "test_items_that_are_read_together_are_rounded_together": "every call costs one unit",
        "test_reading_nothing_costs_as_much_as_reading_a_little": "it does not know consistent reads",
        "test_who_overwrites_pays_for_the_larger_of_both": "every call costs one unit",
        "test_who_deletes_pays_for_what_goes": "every call costs one unit",
        "test_a_transaction_that_overwrites_and_removes_pays_double_for_the_larger": "a transaction reports nothing",
    },
}

SOMETIMES: dict[str, dict[str, str]] = {
    "moto": {
        "test_nothing_that_was_acknowledged_is_lost": NOT_SAFE,
        "test_of_all_who_put_under_one_key_one_wins_and_the_others_are_shown_its_item": NOT_SAFE,
        "test_of_all_who_replace_one_version_one_wins": NOT_SAFE,
        "test_of_all_who_want_the_same_keys_in_any_order_one_gets_all_of_them": NOT_SAFE,
        "test_who_wants_a_neighbours_key_as_well_gets_both_or_none": NOT_SAFE,
        "test_what_moves_by_transactions_stays_whole_and_no_reader_sees_half_of_one": NOT_SAFE,
        "test_of_one_partition_everything_comes_once_and_in_the_order_it_was_written": NOT_SAFE,
        "test_of_one_item_every_version_comes_once_and_in_order": NOT_SAFE,
        "test_what_was_acknowledged_is_seen_by_the_next_consistent_read_of_anybody": NOT_SAFE,
    },
}
"""What hangs on how threads meet, so that neither outcome is a surprise: most fail at nearly every run, the last seldom."""
