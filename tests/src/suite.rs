//! What every backend must do: the documented behaviours, decided by the project's rules.
//!
//! Each function is one test. The number in its comment is that of the behaviour in
//! `behaviours.md`.

/// Hands the names of all tests of the suite to a macro: `behaviours!(mount builtin BuiltIn)`
/// becomes `mount! { builtin BuiltIn : ordering::name ... }`.
#[macro_export]
macro_rules! behaviours {
    ($($then:tt)*) => {
        $crate::mounted! { $($then)* :
            ordering::a_first_open_sends_load_enable_open
            ordering::a_further_open_sends_only_open
            ordering::closing_one_of_two_sends_only_its_close
            ordering::the_last_close_sends_close_disable_free_and_unloads
            ordering::the_last_survivor_s_handle_goes_with_disable_and_free
            ordering::a_driver_closed_completely_starts_again_from_load
            ordering::the_probe_message_comes_before_load_where_it_is_wanted
            ordering::two_drivers_have_lives_of_their_own
            ordering::a_dropped_instance_is_closed_by_force
            ordering::a_session_instance_is_opened_first_where_it_is_wanted
            ordering::a_session_instance_closes_with_its_last_partner
            ordering::a_session_instance_is_not_opened_for_a_zero
            failures::a_refused_load_leaves_nothing_behind
            failures::any_nonzero_answer_to_load_is_success
            failures::answers_to_enable_disable_and_free_do_not_matter
            failures::a_refused_first_open_is_undone_completely
            failures::a_refused_further_open_touches_no_other_instance
            failures::a_refused_close_keeps_the_instance
            failures::a_close_answers_the_driver_s_own_value
            failures::a_forced_close_goes_on_when_the_driver_refuses
            failures::a_missing_file_is_an_error_and_nothing_is_sent
            failures::an_empty_name_is_an_error
            failures::every_failure_leaves_the_listings_as_they_were
            failures::a_driver_that_forwards_everything_cannot_be_opened
            handles::messages_carry_the_identifier_and_the_handle
            handles::identifiers_of_two_instances_are_not_mixed
            handles::the_identifier_is_zero_outside_the_instance_s_life
            handles::two_instances_may_share_an_identifier
            handles::an_identifier_may_have_its_top_bit_set
            handles::what_is_no_handle_is_an_error_and_calls_nobody
            handles::a_closed_handle_closes_only_once
            handles::a_closed_handle_stays_dead
            handles::instances_of_one_module_have_one_nonzero_module_address
            handles::handles_are_real_from_load_to_free
            parameters::the_application_s_value_arrives_untouched
            parameters::the_text_of_an_entry_arrives
            parameters::without_text_an_empty_one_arrives
            parameters::inner_and_further_spaces_of_the_text_are_kept
            parameters::text_beyond_ascii_arrives
            parameters::the_application_s_two_values_arrive_with_close
            parameters::a_sent_message_answers_what_the_driver_answers
            parameters::life_cycle_messages_cannot_be_sent_by_hand
            names::an_alias_and_a_file_name_lead_to_one_driver
            names::two_entries_with_texts_of_their_own_lead_to_one_driver
            names::naming_the_default_section_changes_nothing
            names::the_section_selects_the_file
            names::a_section_without_the_entry_lets_the_name_be_a_file
            names::an_entry_wins_over_a_file_of_its_name
            names::letter_case_of_an_alias_does_not_matter
            names::an_entry_is_never_looked_up_again
            names::drivers32_is_asked_before_drivers
            system::instances_are_listed_in_opening_order
            system::the_first_instance_of_a_module_is_marked_and_the_mark_is_inherited
            system::an_instance_is_listed_by_the_name_that_opened_it
            system::a_driver_opened_inside_a_load_is_listed_before
            system::every_instance_hears_of_the_session_s_end_before_any_is_closed
            system::shutdown_closes_the_newest_first_whatever_it_answers
            system::every_instance_hears_of_an_application_s_end
            system::every_instance_hears_of_power
            system::a_driver_that_is_only_configured_is_opened_with_zero
            system::a_driver_that_is_installed_is_told_and_one_that_vetoes_is_not
            system::a_driver_that_vetoes_its_removal_keeps_its_entry
            system::two_managers_do_not_meet
            reentry::a_driver_may_open_another_inside_its_load
            reentry::a_driver_may_close_another_inside_its_close
            reentry::a_driver_may_send_to_itself
            reentry::a_driver_may_open_itself_again_once_it_is_enabled
            reentry::a_driver_cannot_open_itself_inside_its_load
            reentry::a_driver_cannot_close_an_instance_inside_its_own_message
            reentry::a_driver_cannot_close_who_waits_for_its_answer
            threads::many_threads_opening_share_one_load
            threads::many_threads_closing_share_one_free
            threads::many_threads_may_be_refused_at_once
            threads::a_send_racing_a_close_answers_or_fails
            threads::a_close_waits_for_messages_in_flight
            threads::a_driver_that_blocks_stops_no_other
            threads::messages_to_one_instance_run_at_the_same_time
            threads::an_open_racing_the_last_close_joins_or_loads_afresh
            threads::the_session_s_end_waits_for_messages_in_flight
        }
    };
}

/// Calls the macro that is named first with all that follows.
#[doc(hidden)]
#[macro_export]
macro_rules! mounted {
    ($then:ident $($rest:tt)*) => { $then! { $($rest)* } };
}

/// What every backend must do whose drivers are files of machine code.
#[macro_export]
macro_rules! faults {
    ($($then:tt)*) => {
        $crate::mounted! { $($then)* :
            faults::a_driver_that_breaks_is_not_called_again
            faults::a_driver_may_break_at_any_message
            faults::every_way_to_break_is_named
            faults::others_go_on_when_a_driver_breaks
            faults::a_broken_driver_can_be_dropped
        }
    };
}

pub mod ordering;

pub mod failures;

pub mod handles;

pub mod parameters;

pub mod names;

pub mod system;

pub mod reentry;

pub mod threads;

pub mod faults;

/// The messages by short names.
mod messages {
    use opendriver_abi::Message;

    pub(super) const LOAD: Message = Message::DRV_LOAD;
    pub(super) const ENABLE: Message = Message::DRV_ENABLE;
    pub(super) const OPEN: Message = Message::DRV_OPEN;
    pub(super) const CLOSE: Message = Message::DRV_CLOSE;
    pub(super) const DISABLE: Message = Message::DRV_DISABLE;
    pub(super) const FREE: Message = Message::DRV_FREE;
    pub(super) const USER: Message = Message::DRV_USER;
}
