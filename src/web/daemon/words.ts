// daemon/words.ts -- what to do about a refusal. What it is the daemon says itself; tests/e2e/test_status.py holds these
// to docs/operations.md, which has the whole story.

/** By cause: of lines and samples as in the documentation's table, of senders as a word to who looks after listeners. */
export const REMEDIES: Record<string, string> = {
    syntax: 'the log has the line and the offset',
    bad_timestamp: 'is the listener\u2019s precision right?',
    too_many_fields: 'split the line',
    unterminated: 'end the last line with LF',
    pickle_opcode: 'who sends this?',
    pickle_limit: 'smaller messages',
    frame_too_long: 'is plaintext sent to a listener of pickles?',
    statsd_set: 'count in the sender',
    increment: 'send it over UDP or TCP',
    exemplar: 'send_exemplars, send_native_histograms of the sender',
    histogram: 'send_exemplars, send_native_histograms of the sender',
    future: 'check both clocks',
    late_dropped: 'send in order, or accept it',
    series_limit: 'raise the limit; look for a label that never repeats',
    source_limit: 'raise the limit for a relay; look for a label that never repeats',
    label_memory: 'raise the limit; look for long labels',
    source_label_memory: 'raise the limit for a relay; look for long labels',
    network: 'add its network to the listener\u2019s allow, or ask who that is',
    tls: 'give the listener cert_file and key_file, or send plain lines',
    not_tls: 'let the sender speak TLS',
    client_certificate: 'give the sender a certificate that client_ca_file stands for',
    bad_signature: 'the same key on both sides? who else sends here?',
    signature_future: 'check both clocks',
    signature_old: 'check both clocks',
};
