"""Each parser of the tree, what reads the words of others, and the target that its words are tried by.

A row is a file, or a file and those of its functions that read: the others of that file are no parser's. The lines of each
row are counted by `tests/fuzz/run --coverage`, of what the seeds of that target alone have run. A file that calls one of
READS is in a row, or in NO_PARSERS with what it reads, or tests/rooms/test_parsers.py fails.
"""

# What words are taken apart by.
READS = (
    r"\b(?:strsep|strtok_r|sscanf|strto(?:l|ul|ll|ull|d)|strcspn|strspn|memchr|memmem|getline|fgets|getopt_long|getmntent_r"
    r"|fgetpwent|fgetgrent|inet_pton|sodium_(?:hex|base64)2bin|json_loadb|json_object_get|config_read_string|PQgetvalue"
    r"|asp_message_field)\("
)

PARSERS = {
    "account": [
        "asp/account_file.c",
        "asp/entry.c:asp_pending_read asp_pending_valid",
        "asp/fingerprint.c:write_hex write_had asp_fingerprint_write is_rest take_word read_realm take_source read_hex"
        " read_print read_day read_named read_shadow asp_fingerprint_read asp_fingerprint_is_beyond_1",
    ],
    "account_json": [
        "asp-admin/commands/account_json.c",
        "asp-admin/ui/json.c:json_read json_takes_text",
    ],
    "account_name": ["asp/account_name.c:is_same_folded is_listed without_domain asp_account_spell"],
    "arguments": ["pam_asp/arguments.c"],
    "basic_credentials": ["asp-web/basic_credentials.c", "asp-web/remote_user.c"],
    "batch_line": ["asp-admin/commands/create_batch.c:take_field read_fields"],
    "broker_message": [
        "asp/broker_message.c:get_length asp_message_read_nothing read_fields asp_message_read asp_message_field"
        " asp_message_read_number asp_message_begin asp_message_text asp_message_bytes asp_message_wipe",
        "asp/broker_login.c:asp_broker_login_write asp_broker_login_read asp_broker_outcome_write take is_sound"
        " asp_broker_outcome_read",
        "asp/broker_password.c:asp_broker_password_write asp_broker_password_read",
        "asp/broker_sign_in.c",
        "asp-broker/client_policy.c",
    ],
    "buffer": ["asp/buffer.c:is_plain add_escaped_byte asp_buffer_add_escaped asp_buffer_add_logged"],
    "conf": [
        "asp/conf.c:set_defaults set_integer set_boolean set_word path_fits is_plain_text is_template check_profile_text"
        " is_origin is_header_name check_web_text is_role set_text set_value find_inner read_group read_one check_together"
        " asp_conf_read",
        "asp/conf_database.c",
        "asp/conf_keys.c",
        "asp/conf_lists.c",
        "asp/conf_place.c",
        "asp/conf_reader.c",
        "asp/conf_text.c",
        "asp/conf_unread.c",
    ],
    "conf_text": ["asp/conf_text.c", "asp/conf_place.c"],
    "conversation": [
        "asp-web/conversation.c:say say_written say_nothing end_with drop_lines add_line is take_question is_whole take_words"
        " take_said take_signed_in take_done take_message is_readable conversation_receive conversation_answer"
        " conversation_show conversation_forget",
    ],
    "decision": ["asp-admin/log/decision.c", "asp-admin/log/lines.c", "asp-admin/log/syslog_line.c"],
    "dovecot_settings": ["asp-admin/doctor/dovecot_settings.c"],
    "entry": [
        "asp/entry.c:time_valid binding_valid revocation_valid asp_entry_fault asp_by_valid take take_word take_rest"
        " take_quoted take_time take_seconds take_network take_networks take_revocation take_all asp_entry_read"
        " asp_entry_write write_time write_networks write_revocation",
        "asp/verifier.c:starts_with read_number read_three read_base64 read_cost parse base64_span asp_verifier_valid"
        " asp_verifier_cost asp_verifier_is_beyond_1",
    ],
    "label": ["asp/label.c"],
    "line_reader": ["asp-admin/ui/line_reader.c"],
    "log": [
        "asp-admin/log/journal.c:read_time field is_root take_entry",
        "asp-admin/log/log_file.c",
        "asp-admin/log/reading.c:reading_saw goes_on take_let_in take_verdict reading_take reading_doubt",
        "asp-admin/log/waiting.c:compare find is_near drop waiting_add waiting_take",
    ],
    "mount_plan": ["asp-admin/system/mount_plan.c"],
    "name": [
        "asp/name.c:is_alnum is_refused asp_user_encode asp_user_is_digest asp_user_fault digit unescape asp_user_decode"
        " name_by_digest asp_user_file asp_fold asp_service_valid asp_service_compare asp_service_equal",
    ],
    "network": ["asp/network.c"],
    "options": [
        "asp-admin/options.c",
        "asp-admin/commands/line.c",
        "asp-admin/ui/option_fault.c",
        "asp/nearest.c",
    ],
    "pam_auth_update": ["asp-admin/doctor/pam_auth_update.c"],
    "pam_file": [
        "asp-admin/doctor/pam_file.c:goes_on pass_empty next_line next_word set_unset take read_action read_reply read_control"
        " set_control read_how read_arguments read_facility read_line pam_file_read pam_line_has",
        "asp-admin/doctor/pam_edit.c:begin_of before_blanks add_line pam_edit_add pam_edit_copy is_gone pam_edit_apply",
        "asp-admin/doctor/pam_stack.c:is_wanted add_file pam_stack_add level_after jump leave refuse act pam_stack_begin"
        " pam_stack_step pam_stack_end pam_stack_ask",
    ],
    "pgsql_answers": [
        "asp/pgsql/result.c",
        "asp/pgsql/load.c:check_store is_fresh look_at_use look_at_clock",
        "asp/pgsql/feed.c:check take_head read_heads hear_row note_missed hear_rows is_same_history",
        "asp/pgsql/feed_expired.c:look_on hear_expired take_place",
        "asp/pgsql/lease.c:read_row",
        "asp/pgsql/passwords.c:pgsql_password_mark ask_mark",
        "asp/pgsql/uses.c:put_slot take_use build",
        "asp-admin/database/check.c",
        "asp-admin/database/look.c:take_bool take_text text_in take database_look",
    ],
    "pgsql_array": ["asp/pgsql/array.c"],
    "pgsql_event": ["asp/pgsql/event.c"],
    "pgsql_failure": [
        "asp/pgsql/failure.c",
        "asp/pgsql/certificate.c:pgsql_certificate_fault_in pgsql_certificate_cause",
    ],
    "pgsql_files": [
        "asp/pgsql/cursors.c:take_number take is_text_of pgsql_cursors_read",
        "asp/pgsql/node_file.c:pgsql_node_file_read",
        "asp/pgsql/passfile.c",
        "asp/pgsql/pin.c:read_text pgsql_pin_read",
    ],
    "primary_source": [
        "asp-admin/primary/primary_command.c:primary_command_check",
        "asp-admin/primary/primary_source.c:compare_names line_at by_name count_lines index_lines fold_names index_shadow"
        " index_command place_of is_line_of find primary_source_find",
    ],
    "process_stat": ["asp-broker/tickets.c:ticket_place_read"],
    "process_status": [
        "asp-admin/doctor/process.c",
        "asp-admin/doctor/old_processes.c:ends_with has_old_module is_unit read_unit",
    ],
    "redact": ["asp/redact.c"],
    "secret": ["asp/secret.c:asp_secret_read"],
    "self_client": [
        "asp-admin/self/self_client.c:say ask handle_message self_client_serve",
        "asp-admin/self/prompt.c",
    ],
    "self_session": ["asp-broker/self_session.c:read_command run_command run_words self_session_run"],
    "server_settings": [
        "asp-admin/doctor/beside_pam.c",
        "asp-admin/doctor/proftpd.c",
        "asp-admin/doctor/setting.c",
    ],
    "service_users": ["asp-admin/doctor/service_users.c:named_in find_in_file find_file service_users_find"],
    "shadow": ["asp/shadow.c:read_day read_expires split asp_shadow_line find_line asp_shadow_find"],
    "shell_word": ["asp/shell_word.c"],
    "standbys": ["asp-admin/database/standbys.c"],
    "store_notes": [
        "asp/store_files_moved.c:asp_files_moved_text take asp_files_read_moved",
        "asp/store_files_due.c:visit_file",
        "asp/store_files_watch.c:read_note",
    ],
    "temp_name": ["asp/store_files_temp.c:asp_files_is_temp"],
    "time_text": ["asp/time_text.c"],
    "units": [
        "asp-admin/doctor/units.c:find_unit is_in next_word read_writable take_setting read_line read_unit_file is_drop_in"
        " read_drop_ins units_read may_write",
        "asp-admin/doctor/database_unit.c:is_no read_families has_address read_addresses take_setting may_reach",
    ],
    "url": ["asp/url.c"],
    "usage": [
        "asp/usage.c:put_number get_number checksum_of checksum_matches asp_usage_write_slot parse_slot asp_usage_read_slot"
        " asp_usage_write_head asp_usage_read_head asp_usage_find asp_usage_last is_named_tail asp_usage_sound has_whole_slot"
        " keep_damaged keep_slots asp_usage_mend asp_usage_since",
    ],
    "web_request": [
        "asp-web/address.c:address_read",
        "asp-web/body.c",
        "asp-web/cookie.c:take_pair read_value cookie_read cookie_write digest_for cookie_token cookie_token_is",
        "asp-web/once.c:decode once_keep once_token_read once_token_add",
        "asp-web/once_page.c:is_of once_page_language",
    ],
    "web_user": ["asp-admin/system/web_user.c"],
}

# What they call one of READS for.
NO_PARSERS = {
    "asp-admin/admin.c": "the login uid, in digits, by the kernel; blanks before a name",
    "asp-admin/commands/list.c": "a time that it has written itself",
    "asp-admin/doctor/dovecot.c": "whether a line brings in a file, by fnmatch(3); the first line of an error",
    "asp-admin/doctor/examination.c": "the names of folders of /proc",
    "asp-admin/doctor/fix.c": "the first line of an error",
    "asp-admin/doctor/pam_lines.c": "a carriage return in a line",
    "asp-admin/doctor/unit_state.c": "five words of systemctl(1), compared with some",
    "asp-admin/profile/sign.c": "the first line of an error",
    "asp-admin/system/absolute_path.c": "the path behind --config, of who starts it",
    "asp-admin/system/handed_sockets.c": "two numbers in variables of who has started it",
    "asp-admin/system/machine.c": "a name that it has made itself",
    "asp-admin/system/users.c": "/etc/passwd, by libc",
    "asp-admin/ui/console.c": "a line end in what it writes",
    "asp-admin/ui/table.c": "line ends in what it writes",
    "asp-admin/ui/wrap.c": "words of what it writes",
    "asp-broker/main.c": "its own options, by getopt_long(3)",
    "asp-broker/process_tree.c": "numbers of processes, by the kernel",
    "asp-broker/self_pam.c": "a message that broker_message has read: whether a field is there",
    "asp-web/api.c": "a number of a line: any other shows other lines",
    "asp-web/authorize.c": "whether a path ends in a word of some letters",
    "asp-web/main.c": "its own options, by getopt_long(3), and the first line of its secret",
    "asp-web/web_socket.c": "a port in asp.conf",
    "asp/broker_socket.c": "why it was refused, in a message that broker_message has read",
    "asp/pgsql/exchange.c": "values that are wiped",
    "asp/pgsql/opening.c": "two words of a server, compared with some",
    "asp/store_files_lock.c": "its own note: what is done for that name is decided by temp_name",
}


def split(row):
    """The file of a row and its functions."""
    source, _, functions = row.partition(":")
    return source, functions.split()
