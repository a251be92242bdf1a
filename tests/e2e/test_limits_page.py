"""docs/limits.md is true: each name is a key or a constant with the value it says, each counter is in
/metrics, each has a test, and no key or counter of a limit is missing there."""
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
UNITS = {"": 1, "ms": 10**6, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

# Where each limit is reached.
TESTS = {
    "ingest.max_connections": "e2e/test_limits.py:test_senders_with_many_connections_make_room",
    "ingest.max_connections_per_address": "e2e/test_limits.py:test_connections_of_one_address",
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
    "PATH_PARTS_MAX": "unit/wire/test_path_template.c:limits",
    "limits.max_future": "e2e/test_limits.py:test_the_future",
    "limits.max_series": "e2e/test_hostile_ingest.py:test_twenty_times_as_many_keys_as_series_may_be",
    "limits.max_series_per_source": "e2e/test_limits.py:test_series_of_one_sender",
    "SOURCES_MAX": "unit/base/test_network.c:others_share",
    "limits.label_memory": "e2e/test_limits.py:test_memory_of_labels",
    "limits.label_memory_per_source": "e2e/test_limits.py:test_labels_of_one_sender",
    "limits.keep_memory": "unit/series/test_kept.c:the_budget_is_kept",
    "REORDER_MAX": "unit/series/test_reorder.c:no_more_than_fit",
    "COLUMNS_MAX": "unit/series/test_select.c:more_labels_than_columns",
    "CHAIN_MAX": "unit/series/test_select.c:finds_what_there_is",
    "state.journal_max": "e2e/test_journal.py:test_full_is_said",
    "JOURNAL_STAGED_MAX": "unit/state/test_journal.c:congested_while_much_is_staged",
    "limits.max_alerts": "unit/alerts/test_alerts.c:bounded",
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


def constants():
    """{name: the values that it has in the sources}, of those that are sums of numbers."""
    texts = {}
    for path in [*ROOT.glob("src/*/*.h"), *ROOT.glob("src/*/*.c")]:
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
