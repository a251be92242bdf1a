"""docs/limits.md is true: each name is a key or a constant with the value it says, each counter is in
/metrics, each has a test, and no key, constant or counter of a limit is missing there."""
import re

from daemon import ROOT, parse_exposition

PAGE = ROOT / "docs" / "limits.md"
KEY = re.compile(r'\{"([\w.\[\]]+)",\s*CONF_\w+,\s*"([^"]*)"')
PEER_KEY = re.compile(r'\{parent "(\.\w+)",\s*CONF_\w+,\s*"([^"]*)"')
CONSTANT = re.compile(r"\b([A-Z][A-Z0-9_]+)\s*=\s*([^,;}{]*)|#define ([A-Z][A-Z0-9_]+)\s+(\S.*)")
COUNTER = re.compile(r'`(nablad_\w+)(?:\{(\w+)="([^"]+)"\})?`')
LIMIT = re.compile(r'X\(\w+, "([^"]+)"\)')
OF_A_LIMIT = re.compile(r"(^|[._])max_(?!gap|rate)|[._]timeout$|_memory$|\.buffer$")
NO_STRANGERS = {"shutdown_timeout", "alerting.alertmanagers[].timeout", "alerting.webhooks[].timeout"}
OF_A_CONSTANT = re.compile(r"_(MAX|LIMIT|CAPACITY|MOST|BURST|EACH|SPARE|BYTES|A_TURN)$|_MAX_|_MOST_")
NOT_OF_NABLAD = {"cli", "numeric", "web"}  # commands that one runs on what is one's own, and calls of a library
UNITS = {"": 1, "ms": 10**6, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

# Where each limit is reached.
TESTS = {
    "ingest.max_connections": "e2e/test_limits.py:test_senders_with_many_connections_make_room",
    "ingest.max_connections_per_address": "e2e/test_limits.py:test_connections_of_one_address",
    "PLACES_LEAVING_MAX": "unit/net/test_places.c:so_many_are_leaving",
    "ingest.idle_timeout": "e2e/test_hostile_ingest.py:test_connections_that_say_nothing_are_closed",
    "ingest.handshake_timeout": "e2e/test_tls_lines.py:test_handshakes_that_stall_are_given_up",
    "TLS_DRY_BYTES": "e2e/test_tls_lines.py:test_what_is_no_handshake_is_refused",
    "TLS_DRY_MAX": "unit/net/test_tls.c:records_without_a_byte",
    "REPLAY_SEEN_MAX": "unit/net/test_replay.c:the_oldest_make_room",
    "SEAL_KEYS_MAX": "unit/doors/test_seal.c:no_keys",
    "HANDSHAKES_A_TURN": "e2e/test_tls_lines.py:test_many_at_once",
    "TURN_MAX": "e2e/test_hostile_ingest.py:test_a_busy_connection_does_not_starve_the_others",
    "http.max_connections": "e2e/test_limits.py:test_strangers_with_many_connections_make_room",
    "http.max_connections_per_address": "e2e/test_limits.py:test_http_connections_of_one_address",
    "http.timeout": "e2e/test_http.py:test_a_silent_connection_is_closed",
    "http.request_timeout": "e2e/test_http.py:test_a_request_that_never_ends_is_closed",
    "http.answer_timeout": "e2e/test_limits.py:test_an_answer_taken_in_drops",
    "http.query_timeout": "e2e/test_limits.py:test_an_answer_that_takes_too_long",
    "http.max_memory": "unit/http/test_traps.c:large_answers_are_bounded",
    "http.auth_failures": "e2e/test_auth.py:test_guessing_is_slowed_down",
    "AUTH_WAITING_MAX": "e2e/test_auth.py:test_too_many_passwords_at_once",
    "http.max_streams": "e2e/test_http.py:test_the_limit_of_streams",
    "http.max_streams_per_address": "e2e/test_limits.py:test_streams_of_one_address",
    "CREDENTIALS_MAX": "unit/doors/test_credentials.c:lengths",
    "NEWEST_SERIES_MAX": "unit/http/test_stream.c:the_newest_of_too_many",
    "STREAM_QUEUE_MAX": "unit/http/test_stream.c:slow_reader",
    "ingest.max_line": "e2e/test_hostile_ingest.py:test_lines_of_64_kib_between_short_ones",
    "LINE_SAMPLES_MAX": "unit/wire/test_lines.c:a_batch_takes_what_it_has_room_for",
    "JSON_DEPTH_MAX": "unit/wire/test_json_line.c:nesting_has_a_limit",
    "LABELS_MAX": "e2e/test_limits.py:test_labels",
    "LABEL_NAME_MAX": "unit/series/test_labels.c:limits",
    "LABEL_VALUE_MAX": "unit/series/test_labels.c:limits",
    "LABELSET_MAX": "unit/series/test_labels.c:all_together_may_be_too_long",
    "PICKLE_FRAME_MAX": "e2e/test_pickle.py:test_a_frame_too_long_ends_the_connection",
    "PICKLE_VALUES_MAX": "unit/wire/test_pickle.c:limits",
    "PICKLE_MEMO_MAX": "unit/wire/test_pickle.c:limits",
    "PICKLE_DEPTH_MAX": "unit/wire/test_pickle.c:limits",
    "REMOTE_KEY_MAX": "unit/wire/test_remote_write.c:gathered_too_long",
    "PATH_PARTS_MAX": "unit/wire/test_path_template.c:limits",
    "limits.max_future": "e2e/test_limits.py:test_the_future",
    "limits.max_series": "e2e/test_hostile_ingest.py:test_twenty_times_as_many_keys_as_series_may_be",
    "limits.max_series_per_source": "e2e/test_limits.py:test_series_of_one_sender",
    "SOURCES_MAX": "unit/base/test_network.c:others_share",
    "limits.label_memory": "e2e/test_limits.py:test_memory_of_labels",
    "limits.label_memory_per_source": "e2e/test_limits.py:test_labels_of_one_sender",
    "limits.keep_memory": "unit/series/test_kept.c:the_budget_is_kept",
    "REORDER_MAX": "unit/series/test_reorder.c:no_more_than_fit",
    "ECHOES_MAX": "unit/series/test_echo.c:a_batch_again",
    "COLUMNS_MAX": "unit/series/test_select.c:more_labels_than_columns",
    "CHAIN_MAX": "unit/series/test_select.c:finds_what_there_is",
    "state.journal_max": "e2e/test_journal.py:test_full_is_said",
    "JOURNAL_STAGED_MAX": "unit/state/test_journal.c:congested_while_much_is_staged",
    "limits.max_alerts": "unit/alerts/test_alerts.c:bounded",
    "LOOKS_MAX": "unit/alerts/test_lookout.c:full",
    "CONNECTION_MEMORY": "e2e/test_limits.py:test_heads",
    "PARAMS_MAX": "unit/http/test_params.c:too_many_pairs",
    "BODY_MAX": "e2e/test_http.py:test_a_body_that_is_too_large",
    "BODY_SKIP_MAX": "unit/http/test_traps.c:endless_chunks",
    "http.max_body": "unit/http/test_lines_write.c:too_much",
    "http.max_decompressed": "e2e/test_limits.py:test_a_bomb",
    "PIECES_A_TURN": "e2e/test_influx.py:test_other_answers_come_meanwhile",
    "gradient.max_body": "e2e/test_post_gradient.py:test_limits_and_their_counters",
    "gradient.max_elements": "e2e/test_post_gradient.py:test_limits_and_their_counters",
    "NPY_HEADER_MAX": "unit/wire/test_npy.c:long_header",
    "gradient.max_dimensions": "e2e/test_post_gradient.py:test_limits_and_their_counters",
    "CSV_CELLS_MAX": "unit/wire/test_csv.c:too_many_columns",
    "gradient.max_jobs": "unit/http/test_gradient.c:one_at_a_time",
    "gradient.timeout": "e2e/test_post_gradient.py:test_late",
    "DATABASES_MAX": "unit/http/test_lines_write.c:query_row",
    "DATABASE_NAME_MAX": "unit/http/test_lines_write.c:query_row",
    "RESULTS_MAX": "unit/http/test_lines_write.c:query_row",
    "SELECTORS_MAX": "unit/http/test_params.c:too_many_selectors",
    "SELECTOR_REGEXES_MAX": "e2e/test_limits.py:test_regular_expressions",
    "REGEXES_MAX": "e2e/test_limits.py:test_regular_expressions",
    "SELECTOR_MATCH_LIMIT": "unit/series/test_selector.c:match_limit_is_ours",
    "SELECTOR_DEPTH_LIMIT": "unit/series/test_selector.c:long_values_match",
    "SLICE_NS": "unit/http/test_traps.c:streaming_starves_nothing",
    "OVERRUNS_MAX": "unit/http/test_dear.c:route_row",
    "EFFORT_EASY": "unit/series/test_selector.c:effort_row",
    "EFFORT_SLICE": "unit/series/test_select.c:dear_ones_end_a_slice",
    "SELECTOR_TEXT_MAX": "unit/series/test_selector.c:limits",
    "SELECTOR_MATCHERS_MAX": "unit/series/test_selector.c:limits",
    "EXPR_DEPTH_MAX": "e2e/test_query.py:test_more_than_a_selector_is_refused_and_says_what",
    "QUERY_STEPS_MAX": "e2e/test_query.py:test_bad_times_are_refused",
    "QUERY_SAMPLES_MAX": "e2e/test_query.py:test_too_many_samples_are_refused",
    "DISTINCT_MAX": "unit/http/test_strings.c:limits",
    "DISTINCT_BYTES": "e2e/test_limits.py:test_names_that_are_too_many",
    "FAMILIES_MAX": "unit/http/test_strings.c:limits",
    "FAMILIES_BYTES": "unit/http/test_strings.c:limits",
    "NAMES_MAX": "e2e/test_limits.py:test_names_that_are_too_many",
    "RULE_SERIES_MAX": "e2e/test_status.py:test_pages_of_a_rule_end_somewhere",
    "EXAMPLES_EACH": "unit/base/test_examples.c:the_newest_are_kept",
    "NOTICES_MAX": "unit/net/test_notices.c:the_newest_are_kept",
    "READINGS_MAX": "e2e/test_http.py:test_large_answers_come_whole",
    "SCRAPERS_MAX": "unit/series/test_extremes.c:a_number_changes_hands",
    "FEED_CAPACITY": "unit/series/test_feed.c:full_the_newest_are_lost_and_counted",
    "push[].buffer": "e2e/test_push.py:test_full_buffer_drops_the_oldest",
    "PUSH_WAITING_MAX": "unit/net/test_spool.c:a_full_disk",
    "PUSH_BODY_MAX": "e2e/test_push.py:test_graphite_by_tcp",
    "CARRIER_DATAGRAM_MAX": "e2e/test_push.py:test_influx_by_udp_and_selectors",
    "push[].timeout": "e2e/test_push.py:test_target_that_never_reads",
    "POST_READ_MAX": "unit/net/test_post.c:answers",
    "POST_ANSWER_MAX": "unit/net/test_post.c:answers",
    "POST_RETRY_AFTER_MAX_S": "unit/net/test_post.c:answers",
    "LOG_BURST": "unit/base/test_log.c:a_topic_is_limited_and_says_so",
    "LOG_PER_S": "unit/base/test_log.c:a_topic_is_limited_and_says_so",
    "LOG_QUOTE_MAX": "unit/base/test_log.c:long_texts_are_clipped_visibly",
    "CONF_FILE_MAX": "unit/conf/test_conf.c:as_large_as_may_be",
    "DOCUMENT_DEPTH_MAX": "unit/conf/test_conf.c:bad_row",
    "CONF_LISTENERS_MAX": "unit/conf/test_conf.c:longest_lists",
    "POLICY_RULES_MAX": "unit/conf/test_conf.c:longest_lists",
    "PREFIXES_MAX": "unit/conf/test_listener_keys.c:a_list_is_read_and_bounded",
    "PATH_TEMPLATES_MAX": "unit/wire/test_path_template.c:limits",
    "PATH_TEMPLATE_MAX": "unit/wire/test_path_template.c:limits",
    "RELABEL_RULES_MAX": "e2e/test_relabel.py:test_bad_rules_are_refused_where_they_stand",
    "RELABEL_BYTES_MAX": "unit/series/test_relabel.c:growth_is_bounded",
    "RELABEL_LABELS_MAX": "unit/series/test_relabel.c:no_room",
    "CONF_PUSH_MAX": "unit/conf/test_push_keys.c:not_without_end",
    "CONF_SELECTORS_MAX": "unit/conf/test_push_keys.c:not_without_end",
    "CONF_PEERS_MAX": "unit/conf/test_alerting_keys.c:refusals",
    "CONF_FILES_MAX": "unit/conf/test_rules_file.c:files_stand_beside_the_configuration",
    "RULES_MAX": "unit/conf/test_rules_file.c:all_files_together",
    "ALERT_TEXT_MAX": "unit/rules/test_template.c:no_room",
}


# Constants that end like a limit's, and why they have no row.
NO_ROW = {
    "of a turn of a loop or of one hold of a lock: what is over waits for the next":
        "ACCEPTS_A_TURN BATCH_MAX CARRIER_BURST DATAGRAMS_MAX IDLE_CLOSED_MAX METRICS_SLICE_BYTES POINTS_A_TURN"
        " SLICES_A_TURN SLICE_BYTES SLOW_CLOSED_MAX TICK_MOST_MS TRANSACTION_BYTES TURN_QUEUES_MAX WORK_MAX",
    "room of a text that is ours, or of others' that is clipped in it":
        "CERTIFICATES_WHY_MAX CSV_MESSAGE_MAX DETAIL_MAX EXAMPLE_LISTENER_MAX FAULT_MAX FAULT_TEXT_MAX GATE_WHY_MAX"
        " GUESS_WORD_MAX IP_TEXT_MAX LOG_LINE_MAX NOTICE_ALERT_MAX NOTICE_TARGET_MAX NUMBER_TEXT_MAX PREFIX_WHY_MAX"
        " PRIORITIES_WHY_MAX REACH_WHY_MAX RELABEL_WHY_MAX SEAL_WHY_MAX SECRET_WHY_MAX SEEN_MAX SELECTOR_MESSAGE_MAX"
        " SHOWN_MAX SPOOL_WHY_MAX STATS_NAME_MAX STORE_WHY_MAX TEXT_FAULT_MAX TIME_TEXT_MAX TLS_WHY_MAX VALUE_WHY_MAX"
        " WHY_MAX",
    "follows from another that has a row, or from a key":
        "ACTIVATED_MAX ALERT_LABELS_MAX ALERT_ROOM_MAX CARRY_MAX EXPOSED_HELP_MAX EXPOSED_NAME_MAX EXPOSED_SET_MAX"
        " GRADIENT_AXES_MAX HTTP_HELD_BYTES IDENTITY_MAX LINE_MOST NAME_MAX_VALID SAVED_MAX",
    "what a format, a number or a file needs, whoever sends it":
        "BLOCK_BYTES DIGITS_MAX EXPOSED_SUFFIX_MAX FIELD_SUFFIX_MAX FORMATTED_MAX HUMANIZED_MAX KEY_MAX NUMBER_BYTES"
        " PB_TAG_BYTES PB_VARINT_BYTES SEALED_HEAD_MAX SEALED_TIME_MAX SUM_BYTES VARINT_MAX"
        " WATCHING_BYTES WRITTEN_S_MAX",
    "how nablad's own tables are cut; what they hold has its rows":
        "CAP_MOST CELL_MAX CHUNKS_MAX NAMES_SPARE ORIGINS_MAX OVERFLOW_MOST READ_BYTES READ_MAX SEEN_LINE_BYTES"
        " STATS_LISTENERS_MAX STATS_LOOPS_MAX TABLE_SHARDS_MAX TIERS_MAX TOPICS_MAX WHOLE_MAX",
    "of the configuration and of files that it names, whose writer is no stranger":
        "ACCESS_HEADERS_MAX ACCESS_NAME_MAX ACCESS_TOKENS_MAX ACCESS_USERS_MAX ALERT_TARGETS_MAX"
        " CERTIFICATES_SANS_MAX CONF_ADDRESS_MAX CONF_ERRORS_MAX CONF_KEYS_MAX CONF_NAMES_MAX CONF_NAME_MAX"
        " CONF_PATH_MAX CONF_URL_MAX ETAS_MAX EXPOSURE_SELECTORS_MAX EXPRESSION_CODE_MAX EXPRESSION_COMPARISONS_MAX"
        " EXPRESSION_DEPTH_MAX EXPRESSION_STACK_MAX EXPRESSION_TEXT_MAX EXPRESSION_WATCHES_MAX HOST_MAX LIMITS_MAX"
        " MEMO_MAX NOTATION_VALUES_MAX PASSWORD_COST_MAX POST_SECRET_MAX PRIORITIES_MAX PRIORITIES_NAMES_MAX"
        " PUSH_NAME_MAX PUSH_TARGETS_MAX RELABEL_SOURCES_MAX RELABEL_TEXT_MAX RULE_GROUPS_MAX RULE_TESTS_MAX"
        " RULE_TEST_SERIES_MAX RULE_TEXTS_MAX SEAL_KEY_MAX SECRET_FILE_MAX TEMPLATE_ARGUMENTS_MAX"
        " TEMPLATE_CALLS_MAX TEMPLATE_TEXT_MAX TEMPLATE_VALUE_MAX WALK_KEYS_MAX WATCHED_MAX WATCHES_MAX",
    "of files that nablad alone writes":
        "FORMER_MAX JOURNAL_NAME_MAX JOURNAL_PATH_MAX SAVED_RULES_MAX SNAPSHOT_PATH_MAX SPOOL_NAME_MAX STORE_META_MAX",
    "a time that somebody asks about, or that we wait: nothing grows with it":
        "LOOKBACK_MAX NOTIFY_BACKOFF_MAX_MS NPY_UNIT_MAX PUSH_BACKOFF_MAX_MS QUERY_YEARS_MAX",
    "no limit but a parameter's number": "ASK_LIMIT",
    "as PLACES_LEAVING_MAX, of HTTP: each was one of http.max_connections": "ACCEPT_SPARE",
    "of libuv's pool, which the environment of nablad says": "POOL_THREADS_MAX",
    "memory of one expression at a time; its steps have SELECTOR_MATCH_LIMIT": "JIT_STACK_MAX",
    "of a whole message of TLS; what comes of a handshake has TLS_DRY_BYTES": "TLS_MESSAGE_MAX",
    "what TLS answers to changes of keys, of which GnuTLS allows a few a second": "TLS_OUTPUT_MAX",
}


def rows():
    """[(values, names, counters)] of the page's tables."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) >= 4 and cells[0] not in ("what", "---"):
            yield cells[1].split("; "), re.findall(r"`([^`]+)`", cells[2]), COUNTER.findall(line)


def keys():
    text = (ROOT / "src" / "conf" / "keys.c").read_text()
    found = dict(KEY.findall(text))
    for parent in re.findall(r'PEER_KEYS\("([^"]+)"\)', text):
        found.update({parent + name: default for name, default in PEER_KEY.findall(text)})
    return found


def constants(but=()):
    """{name: the values that it has in the sources}, of those that are sums of numbers; but: rooms left out."""
    texts = {}
    for path in [*ROOT.glob("src/*/*.h"), *ROOT.glob("src/*/*.c")]:
        if path.parent.name in but:
            continue
        source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for a, value, b, defined in CONSTANT.findall(source):
            texts.setdefault(a or b, set()).add((value or defined).strip())
    return texts


def value_of(text, known, depth=0):
    text = re.sub(r"\((?:u?int\d+_t|size_t)\)", "", text)
    if depth < 4:
        for name in re.findall(r"[A-Z][A-Z0-9_]+", text):
            of_name = known.get(name, set())
            text = text.replace(name, str(value_of(next(iter(of_name)), known, depth + 1)) if of_name else "x")
    return eval(text, {"__builtins__": {}}) if re.fullmatch(r"[\d\s*+<()-]+", text) else None


def as_number(text):
    number, unit = re.fullmatch(r"([\d,]+) ?(|ms|KiB|MiB|GiB)", text).groups()
    return int(number.replace(",", "")) * UNITS[unit]


def test_names_have_their_values():
    defaults, known = keys(), constants()
    for values, names, _ in rows():
        assert len(values) == len(names), (values, names)
        for value, name in zip(values, names):
            if name in defaults:
                assert value == defaults[name], name
            else:
                got = {value_of(text, known) for text in known.get(name, ())}
                assert as_number(value) in got, f"{name}: {value}, not {got}"


def test_no_key_of_a_limit_is_missing():
    named = {name for _, names, _ in rows() for name in names}
    of_limits = {key for key in keys() if OF_A_LIMIT.search(key)}
    assert of_limits - named - NO_STRANGERS == set()
    assert len(of_limits) > 20


def test_no_constant_of_a_limit_is_missing():
    """Whoever makes a new one gives it a row, or says in NO_ROW why it needs none."""
    named = {name for _, names, _ in rows() for name in names}
    without = [name for names in NO_ROW.values() for name in names.split()]
    there = {name for name in constants(NOT_OF_NABLAD) if OF_A_CONSTANT.search(name)}
    assert len(without) == len(set(without)) and not named & set(without)
    assert there - named == set(without)


def test_counters_are_there(nablad):
    have = parse_exposition(nablad().get("/metrics")[2])
    counted = [counter for _, _, counters in rows() for counter in counters]
    for name, label, value in counted:
        assert any(name == n and (not label or l.get(label) == value) for n, l, _ in have), (name, value)
    labels = set(LIMIT.findall((ROOT / "src" / "base" / "limit.h").read_text()))
    assert labels == {value for name, _, value in counted if name == "nablad_limited_total"}
    assert labels == {l["limit"] for n, l, _ in have if n == "nablad_limited_total"}


def test_each_has_a_test():
    named = [name for _, names, _ in rows() for name in names]
    assert sorted(named) == sorted(TESTS)
    for name, where in TESTS.items():
        path, function = where.split(":")
        text = (ROOT / "tests" / path).read_text()
        assert re.search(rf"^(?:def |START_TEST\(){function}\b", text, re.MULTILINE), (name, where)
