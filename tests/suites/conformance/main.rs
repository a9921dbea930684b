//! What every cloud's importer must do, once for all of them: through `ImageImporter`, against the simulator, over sockets.
//!
//! Each behaviour is written once and runs for seven ways in: four clouds, and Huawei's common route, quick route for a
//! system disk and quick route for a data disk. Where the vendors themselves differ (tokens, unique names, reasons), the
//! behaviour says what holds for which. [`variants`] has what only one vendor's answers can be like.
//!
//! Nothing is asserted about time but that things end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "behaviours are called by tests and fail by panicking, too"
)]

mod answers;
mod changes;
mod copies;
mod dropped;
mod dry_run;
mod exports;
mod foreign;
mod import;
mod lost;
mod polls;
mod refused;
mod shown;
mod validation;
mod variants;
mod verdict;

/// Makes a test of each behaviour for each case, named `case::behaviour`.
macro_rules! for_all_cases {
    ($($file:ident::$behaviour:ident)*) => {
        for_one_case! { jdcloud, JDCLOUD; $($file::$behaviour)* }
        for_one_case! { tencent, TENCENT; $($file::$behaviour)* }
        for_one_case! { aliyun, ALIYUN; $($file::$behaviour)* }
        for_one_case! { ucloud, UCLOUD; $($file::$behaviour)* }
        for_one_case! { huawei_common_qcow2, HUAWEI_COMMON; $($file::$behaviour)* }
        for_one_case! { huawei_quick_zvhd2, HUAWEI_QUICK; $($file::$behaviour)* }
        for_one_case! { huawei_quick_data_zvhd2, HUAWEI_QUICK_DATA; $($file::$behaviour)* }
    };
}

macro_rules! for_one_case {
    ($name:ident, $case:ident; $($file:ident::$behaviour:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$file::$behaviour(&cloud_import_tests::simulated::$case).await;
                }
            )*
        }
    };
}

/// Makes a test of each behaviour after an import for each cloud, named `file::cloud::behaviour`.
macro_rules! for_all_clouds {
    ($file:ident, $tests:ident { $($behaviour:ident)* }) => {
        mod $tests {
            for_one_cloud! { $file, jdcloud, JDCLOUD; $($behaviour)* }
            for_one_cloud! { $file, aliyun, ALIYUN; $($behaviour)* }
            for_one_cloud! { $file, tencent, TENCENT; $($behaviour)* }
            for_one_cloud! { $file, ucloud, UCLOUD; $($behaviour)* }
            for_one_cloud! { $file, huawei, HUAWEI; $($behaviour)* }
        }
    };
}

macro_rules! for_one_cloud {
    ($file:ident, $name:ident, $provider:ident; $($behaviour:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$file::$behaviour(cloud_import::Provider::$provider).await;
                }
            )*
        }
    };
}

for_all_clouds! { changes, change {
    accounts_are_added_and_taken_away
    more_accounts_than_the_cloud_allows_are_refused
    a_share_whose_answer_was_lost_is_done_once
    tags_are_set_and_taken_away
    families_and_deprecation_are_set
    what_is_public_is_taken_back
    a_refusal_is_the_vendors
    nobody_shares_with_himself
    an_owner_who_is_not_told_stops_nothing
    accounts_of_another_form_are_told
    families_and_tags_have_limits
    what_is_public_and_shared_is_told
} }

for_all_clouds! { copies, copy {
    ends_with_an_image_of_the_other_region
    the_same_order_again_is_the_same_copy
    another_process_goes_on_with_the_stored_task
    cut_before_acceptance
    cut_after_acceptance
    cut_after_acceptance_and_listed_late
    cut_after_acceptance_and_never_listed
    a_process_that_died_finds_what_it_ordered
    throttling_and_a_failing_server_are_waited_out
    one_that_fails_is_told
    an_image_that_is_not_usable_yet_is_refused
    cancel_is_done_or_plainly_refused
    what_is_the_images_own_cannot_be_ordered
} }

/// Every behaviour of an export, for one cloud.
macro_rules! exports_of {
    ($name:ident, $provider:ident) => {
        for_one_cloud! { exports, $name, $provider;
            ends_with_the_object_in_the_bucket
            the_same_order_writes_the_same_object_and_another_one_another
            another_process_goes_on_with_the_stored_task
            cut_before_acceptance
            cut_after_acceptance
            cut_more_often_than_a_request_is_tried
            a_process_that_died_finds_what_it_ordered
            an_export_of_another_order_is_not_taken_for_the_lost_one
            every_format_that_can_be_had_is_written
            a_role_that_may_not_write_is_a_matter_of_permission
            throttling_is_waited_out
            a_server_error_on_the_order_makes_no_second_export
            half_an_answer_to_the_order_makes_no_second_export
            polls_that_fail_are_waited_out
            one_that_fails_is_told_where_the_cloud_tells
            an_unknown_state_is_in_progress_and_the_limit_ends_the_wait
            an_image_that_is_not_usable_is_refused
            what_the_cloud_does_not_do_is_refused_before_anything_is_asked
        }
    };
}

mod export {
    exports_of! { aliyun, ALIYUN }
    exports_of! { tencent, TENCENT }
    exports_of! { huawei, HUAWEI }
    exports_of! { jdcloud, JDCLOUD }

    #[tokio::test]
    async fn keys_that_may_not_list_exports_order_one_all_the_same() {
        crate::exports::keys_that_may_not_list_exports_order_one_all_the_same().await;
    }

    #[tokio::test]
    async fn an_image_that_was_never_shown_as_busy_is_not_exported_yet() {
        crate::exports::an_image_that_was_never_shown_as_busy_is_not_exported_yet().await;
    }

    #[tokio::test]
    async fn where_there_is_no_export_it_is_refused_with_the_source() {
        crate::exports::where_there_is_no_export_it_is_refused_with_the_source().await;
    }
}

for_all_cases! {
    import::succeeds_with_the_image_that_the_cloud_made
    import::another_client_goes_on_with_the_stored_task
    import::a_running_import_is_found_from_plain_data
    import::cancel_is_done_or_plainly_refused
    import::delete_removes_the_image
    import::a_delete_whose_answer_was_lost_is_done
    import::fields_that_are_not_known_yet_do_no_harm

    verdict::a_failure_has_the_vendors_reason_or_likely_causes
    verdict::an_unknown_state_is_in_progress_and_shown_raw
    verdict::the_wait_limit_ends_the_wait_and_not_the_import
    verdict::after_a_failure_the_next_generation_succeeds

    validation::all_problems_are_found_before_anything_is_sent
    validation::words_that_no_cloud_knows_are_refused
    validation::without_validation_the_cloud_itself_refuses

    refused::a_wrong_secret_is_a_matter_of_credentials
    refused::an_unknown_key_is_a_matter_of_credentials
    refused::keys_that_stop_working_end_the_wait_and_not_the_import
    refused::a_taken_name_is_refused_where_names_are_unique
    refused::the_same_order_again_is_the_same_import
    refused::a_refusal_is_final_and_has_the_vendors_words
    refused::a_code_that_nobody_has_published_is_a_refusal_too
    refused::throttling_is_waited_out
    refused::lasting_throttling_is_told_with_the_vendors_hint
    refused::a_wrong_clock_is_set_by_the_clouds
    refused::no_connection_is_no_unknown_outcome
    refused::what_belongs_elsewhere_is_refused_before_anything_is_asked

    lost::cut_before_acceptance
    lost::cut_after_acceptance
    lost::cut_after_acceptance_and_listed_late
    lost::cut_after_acceptance_and_never_listed
    lost::an_answer_that_is_too_late_makes_no_second_import
    lost::a_failing_search_is_not_an_answer
    lost::an_older_image_of_that_name_is_not_taken_for_the_lost_one
    lost::accepted_and_then_only_refusals
    lost::a_process_that_died_finds_what_it_started
    lost::a_lost_import_that_fails_is_not_started_again
    lost::an_accepted_import_may_be_listed_late

    dropped::at_any_request_and_again_by_two_together
    dropped::and_listed_a_minute_late
    dropped::and_not_listed_in_time
    dropped::two_at_once_and_listed_a_minute_late

    answers::a_broken_answer_to_a_start_is_never_success
    answers::after_a_broken_answer_to_a_start_there_is_never_a_second_import
    answers::a_server_error_on_the_start
    answers::a_broken_answer_to_a_poll_is_a_failed_poll

    shown::odd_values_in_fields_that_are_only_shown_fail_nothing
    foreign::text_that_no_cloud_sends_gets_nowhere
    foreign::an_id_that_is_none_is_no_answer
    foreign::a_task_whose_ids_are_none_is_not_asked_after

    polls::failed_polls_are_tolerated
    polls::too_many_failed_polls_end_the_wait_and_not_the_import
    polls::server_errors_on_polls_are_waited_out

    dry_run::makes_no_image
    dry_run::that_is_lost_is_not_looked_for
}
