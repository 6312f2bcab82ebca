"""Bugs that such a platform could have, each as one change of our source with the test that must notice it."""

from dataclasses import dataclass

EXECUTION = "tests/integration/execution/"
TABLES = "tests/integration/adapters/store/test_trading_tables.py::"
MESSAGES = "tests/integration/adapters/store/test_messages_and_leases.py::"
ANSWERS = "tests/integration/exchange/test_outcomes.py::"
UNIT = "tests/unit/"


@dataclass(frozen=True)
class Bug:
    """`old` stands once in `file`; with `new` in its place `harm` can happen, and `test` fails."""

    name: str
    harm: str
    file: str
    old: str
    new: str
    test: str


#: Identity and sending.
SENDING = (
    Bug(
        "naive resend",
        "a second attempt under the id of the first: the venue takes both once the first has filled",
        "trading/order.py",
        "-a{attempt}",
        "-a1",
        UNIT + "trading/test_order.py::test_every_part_of_the_key_counts",
    ),
    Bug(
        "random client id",
        "after a crash nobody can ask what became of the order",
        "trading/order.py",
        'digest = hashlib.sha256(f"{self.signal_id}|{self.decision_no}|{self.place}|{account}".encode()).digest()',
        'digest = __import__("os").urandom(32)',
        UNIT + "trading/test_order.py::test_client_ids_are_the_same_on_every_machine",
    ),
    Bug(
        "decision number not in the id",
        "the second order of a signal is taken for the first",
        "trading/order.py",
        "{self.signal_id}|{self.decision_no}|",
        "{self.signal_id}|",
        UNIT + "trading/test_order.py::test_every_part_of_the_key_counts",
    ),
    Bug(
        "timestamp made anew at signing",
        "a process that was frozen for an hour sends an order that the venue finds fresh",
        "adapters/exchange/binance_shapes.py",
        '"timestamp": milliseconds_of(order.sent_at),',
        '"timestamp": milliseconds_of(datetime.now(order.sent_at.tzinfo)),',
        UNIT + "adapters/exchange/test_binance_shapes.py::test_an_order_is_worded_with_its_own_time_and_exact_numbers",
    ),
    Bug(
        "too late is not seen",
        "a decision of seconds ago goes out although a halt came in between",
        "trading/execution/protocol.py",
        "elapsed_seconds > min(recv_window_ms / 2000, FRESH_SECONDS)",
        "elapsed_seconds > recv_window_ms / 1000",
        UNIT
        + "trading/execution/test_protocol.py"
        + "::test_a_decision_is_fresh_for_half_a_second_and_never_longer_than_half_its_window",
    ),
    Bug(
        "ccxt retries",
        "one order request becomes four on the wire",
        "adapters/exchange/ccxt_client.py",
        '"maxRetriesOnFailure": 0',
        '"maxRetriesOnFailure": 3',
        ANSWERS + "test_every_lie_of_a_venue_is_read_rightly_and_sent_once",
    ),
    Bug(
        "redirects are followed",
        "an order is sent on, as a question and with our headers, to wherever the answer points",
        "adapters/exchange/ccxt_client.py",
        "exchange.session.max_redirects = 0",
        "exchange.session.max_redirects = 30",
        UNIT + "adapters/exchange/test_ccxt_client.py::test_a_redirection_is_not_followed",
    ),
    Bug(
        "Retry-After is not heeded",
        "the venue bans the key for asking on while it had asked for rest",
        "adapters/exchange/pause.py",
        "_SECONDS if answer.retry_after is None else math.ceil(answer.retry_after)",
        "_SECONDS",
        UNIT + "adapters/exchange/test_pause.py::test_a_pause_lasts_as_long_as_the_venue_says",
    ),
    Bug(
        "attempts without end",
        "an order that can never arrive is sent for ever",
        "trading/execution/protocol.py",
        "MOST_ATTEMPTS = 5",
        "MOST_ATTEMPTS = 50",
        EXECUTION + "test_outcomes.py::test_attempts_have_an_end",
    ),
    Bug(
        "any refusal is tried again",
        "what the venue will never take is sent five times and more",
        "trading/execution/protocol.py",
        'if code != "absent" and code not in OF_THE_MOMENT:',
        'if code == "void":',
        UNIT + "trading/execution/test_protocol.py::test_no_attempt_follows_what_the_venue_will_refuse_again",
    ),
)

#: What an answer proves.
ANSWERED = (
    Bug(
        "the answer is read by its exception class",
        "an order that lives at the venue counts as refused and is sent again",
        "adapters/exchange/outcome.py",
        '    seen = "no answer" if answer.status is None',
        '    if answer.error.startswith(("ExchangeNotAvailable", "RequestTimeout", "ExchangeError")):\n'
        '        return Outcome(Verdict.REFUSED, code="-1021")\n'
        '    seen = "no answer" if answer.status is None',
        ANSWERS + "test_every_lie_of_a_venue_is_read_rightly_and_sent_once",
    ),
    Bug(
        "a duplicate is a refusal",
        "the order that lives is forgotten and another one is sent",
        "adapters/exchange/outcome.py",
        ' and answer.body.get("msg") != _DUPLICATE',
        "",
        UNIT + "adapters/exchange/test_outcome.py::test_a_duplicate_means_that_one_of_ours_lives",
    ),
    Bug(
        "any 200 is an acceptance",
        "the answer to somebody else's order is taken for ours",
        "adapters/exchange/outcome.py",
        " or body.get(echo) != client_id",
        "",
        UNIT + "adapters/exchange/test_outcome.py::test_a_200_that_does_not_prove_it_is_unknown",
    ),
    Bug(
        "UNKNOWN is resolved by counting",
        "three quick questions prove an order absent that arrives a second later",
        "services/execution/recovery.py",
        "if desk.clock.now() <= begins:",
        "if False:",
        EXECUTION + "test_outcomes.py::test_an_order_is_absent_only_after_its_time_and_then_goes_out_under_another_id",
    ),
    Bug(
        "absence without its margin",
        "an order that is on its way past the receive window is sent twice",
        "trading/execution/protocol.py",
        "timedelta(milliseconds=(order.recv_window_ms or 0) + margin_ms)",
        "timedelta(milliseconds=order.recv_window_ms or 0)",
        UNIT
        + "trading/execution/test_protocol.py"
        + "::test_absence_can_be_proven_of_what_may_not_have_arrived_and_only_by_time",
    ),
    Bug(
        "what has an id can be absent",
        "an order that was accepted without its fills is sent again",
        "trading/execution/protocol.py",
        "order.sent_at is None or order.venue_order_id is not None",
        "order.sent_at is None",
        UNIT
        + "trading/execution/test_protocol.py"
        + "::test_absence_can_be_proven_of_what_may_not_have_arrived_and_only_by_time",
    ),
    Bug(
        "trades do not keep an order from being absent",
        "an order that the venue hides is sent again though it has filled",
        "services/execution/recovery.py",
        "if strangers is None or any(protocol.may_belong(order, trade) for trade in strangers):",
        "if strangers is None:",
        EXECUTION
        + "test_outcomes.py"
        + "::test_an_order_that_is_invisible_past_its_time_is_not_absent_while_its_trades_are_there",
    ),
    Bug(
        "no answer is an empty answer",
        "a failed question proves that there are no orders and no trades",
        "adapters/exchange/binance_wire.py",
        "        return answer.body\n    raise _useless(answer)\n\n\ndef _useless",
        "        return answer.body\n    return []\n\n\ndef _useless",
        UNIT + "adapters/exchange/test_binance_wire.py::test_what_is_no_good_answer_is_no_empty_one",
    ),
    Bug(
        "the wish to cancel goes away",
        "a partial fill ends the cancellation, and the exit waits for ever",
        "trading/execution/protocol.py",
        "order.state in (OrderState.PARTIAL, OrderState.PENDING_CANCEL)",
        "order.state is OrderState.PARTIAL",
        UNIT + "trading/execution/test_protocol.py::test_neither_a_fill_nor_the_wish_to_cancel_goes_away",
    ),
    Bug(
        "a revoked key is only a refusal",
        "a platform without an account goes on trying",
        "services/execution/dispatch.py",
        "if answer.code in protocol.OF_THE_KEY:",
        "if False:",
        EXECUTION + "test_outcomes.py::test_a_key_that_is_refused_twice_halts_the_book",
    ),
)

#: Money.
MONEY = (
    Bug(
        "float money",
        "amounts that no decimal has: books and venue drift apart",
        "trading/money.py",
        "if isinstance(value, bool | float):",
        "if isinstance(value, bool):",
        UNIT + "trading/test_money.py::test_what_is_not_a_finite_exact_number_is_refused",
    ),
    Bug(
        "prices through a float",
        "the last digits of a long price are lost",
        "adapters/exchange/binance_shapes.py",
        "    number = decimal(value)\n    if number <= 0:",
        "    number = decimal(str(float(str(value))))\n    if number <= 0:",
        UNIT + "adapters/exchange/test_binance_shapes.py::test_every_digit_of_a_trade_counts",
    ),
    Bug(
        "buyer and seller swapped",
        "every trade that is found later is booked the wrong way round",
        "adapters/exchange/binance_shapes.py",
        'Side.BUY if row["isBuyer"] else Side.SELL',
        'Side.SELL if row["isBuyer"] else Side.BUY',
        UNIT + "adapters/exchange/test_binance_shapes.py::test_a_trade_says_who_bought",
    ),
    Bug(
        "fees are not booked",
        "the books own more than the venue has",
        "trading/accounting/journal.py",
        "if trade.fee != ZERO:",
        "if trade.fee < ZERO:",
        UNIT + "trading/accounting/test_journal.py::test_whatever_fills_nothing_stays_reserved_and_all_sums_to_zero",
    ),
    Bug(
        "a buy reserves without its buffer",
        "fees and slippage overdraw the cash of the sub-account",
        "trading/accounting/journal.py",
        "amount = multiply(multiply(request.quantity, price), 1 + buffer)",
        "amount = multiply(request.quantity, price)",
        UNIT + "trading/accounting/test_journal.py::test_a_buy_reserves_quote_with_its_buffer_and_a_limit_at_its_limit",
    ),
    Bug(
        "a fill is booked twice",
        "an order counts as filled that is half open",
        "services/execution/booking.py",
        "fresh = [trade for trade in first.values() if trade.trade_id in added]",
        "fresh = [*first.values()]",
        EXECUTION + "test_recovery.py::test_a_known_trade_with_other_numbers_halts_its_symbol_and_is_not_booked",
    ),
    Bug(
        "a trade with other numbers is passed over",
        "one of two reports is wrong, and nobody looks",
        "services/execution/booking.py",
        "        if not known:",
        "        if False and not known:",
        EXECUTION + "test_recovery.py::test_a_known_trade_with_other_numbers_halts_its_symbol_and_is_not_booked",
    ),
    Bug(
        "an overfill is not flagged",
        "the venue fills more than was ordered, and trading goes on",
        "services/execution/booking.py",
        "if order.filled + new > request.quantity:",
        "if False:",
        EXECUTION + "test_traps.py::test_a_fill_beyond_the_order_is_booked_and_halts_its_symbol",
    ),
    Bug(
        "reservations are not released",
        "cash is held for ever by orders that are over",
        "services/execution/booking.py",
        "        return False\n    release(connection, desk, order, now)",
        "        return False",
        EXECUTION + "test_outcomes.py::test_an_absent_order_of_an_expired_signal_is_not_sent_again",
    ),
    Bug(
        "the watermark passes strangers",
        "a trade that is not ours is seen once and never again",
        "services/execution/recovery.py",
        "            if told and not strangers:\n                fills.set_watermark",
        "            if told:\n                fills.set_watermark",
        EXECUTION + "test_traps.py::test_strangers_trades_are_told_again_until_they_are_written_down",
    ),
    Bug(
        "journals need not balance",
        "money appears or goes, and no sum shows where",
        "sql/migrations/0009_ledger.sql",
        "create constraint trigger zero_sum after insert on trading.ledger_entries\n"
        "deferrable initially deferred for each row when (new.line = 0) execute function trading.require_zero_sum();",
        "",
        TABLES + "test_a_journal_that_does_not_sum_to_zero_is_refused_at_commit",
    ),
    Bug(
        "fills can be changed",
        "history is what somebody made of it",
        "sql/migrations/0004_trading.sql",
        "create trigger append_only before update or delete or truncate on trading.fills\n"
        "for each statement execute function ops.refuse_change();",
        "",
        TABLES + "test_history_is_append_only",
    ),
)

#: Concurrency and messages.
OWNERSHIP = (
    Bug(
        "no compare-and-set on the state",
        "two processes move one order, and the later one wins",
        "sql/migrations/0010_writes.sql",
        "and state = move ->> 'before' and epoch",
        "and epoch",
        TABLES + "test_orders_are_moved_by_compare_and_set",
    ),
    Bug(
        "no compare-and-set on the epoch",
        "a former owner moves the orders of its successor",
        "sql/migrations/0010_writes.sql",
        "and state = move ->> 'before' and epoch = (move ->> 'epoch')::bigint",
        "and state = move ->> 'before'",
        TABLES + "test_orders_are_moved_by_compare_and_set",
    ),
    Bug(
        "the lease is not checked",
        "a frozen process wakes and writes beside its successor",
        "services/execution/desk.py",
        "leases.require(connection, self.book, self.epoch)",
        "leases.require",
        MESSAGES + "test_a_former_owner_cannot_commit",
    ),
    Bug(
        "living orders keep their old epoch",
        "a new owner can move nothing, a former one everything",
        "services/execution/reconcile.py",
        "orders.adopt(connection, desk.book, desk.epoch)",
        "orders.living(connection, desk.book)",
        EXECUTION + "test_traps.py::test_a_new_owner_takes_what_lives_under_its_epoch",
    ),
    Bug(
        "two living attempts are allowed",
        "the last line of defence against a doubled order is gone",
        "sql/migrations/0004_trading.sql",
        "create unique index orders_one_attempt on trading.orders (signal_id, decision_no, leg)",
        "create index orders_one_attempt on trading.orders (signal_id, decision_no, leg)",
        TABLES + "test_a_second_living_attempt_is_refused_and_one_after_a_proof_is_not",
    ),
    Bug(
        "the offset is stored before the effect",
        "a crash in between loses the signal",
        "services/execution/intake.py",
        "    with desk.transaction() as connection:\n        sending = _accept(",
        "    with desk.transaction() as connection:\n        _advance(connection, record, cluster_id)\n"
        "    with desk.transaction() as connection:\n        sending = _accept(",
        EXECUTION + "test_traps.py::test_the_offset_moves_with_the_effect_or_not_at_all",
    ),
    Bug(
        "offsets go back",
        "what was read long ago is read again, for ever",
        "sql/migrations/0010_writes.sql",
        "set next_offset = greatest(o.next_offset, excluded.next_offset)",
        "set next_offset = excluded.next_offset",
        MESSAGES + "test_offsets_never_go_back",
    ),
    Bug(
        "the inbox is not asked",
        "a repeated message is decided about again, or stops the partition",
        "services/execution/intake.py",
        "if situation.known_hash is not None:",
        "if False:",
        EXECUTION + "test_intake.py::test_duplicates_and_a_replay_of_the_whole_topic_change_nothing",
    ),
    Bug(
        "another body under a known id passes",
        "somebody changes a signal after it was taken over, and nobody notices",
        "services/execution/intake.py",
        "if situation.known_hash != message.digest:",
        "if False:",
        EXECUTION + "test_intake.py::test_another_body_under_a_known_id_is_a_dead_letter",
    ),
    Bug(
        "signatures are not compared",
        "whoever reaches the broker can trade",
        "adapters/bus/envelope.py",
        "if not hmac.compare_digest(",
        "if False and not hmac.compare_digest(",
        UNIT + "adapters/bus/test_envelope.py::test_what_we_did_not_seal_is_refused",
    ),
    Bug(
        "an unsound body passes",
        "one signal has two texts, and so two hashes",
        "adapters/bus/signal_message.py",
        "if encode(signal) != body:",
        "if False:",
        UNIT + "adapters/bus/test_signal_message.py" + "::test_what_is_not_the_canonical_text_of_a_signal_is_bad_data",
    ),
    Bug(
        "signals of another book are taken",
        "two books trade one signal",
        "services/execution/intake.py",
        "if signal.book != desk.book:",
        "if False:",
        EXECUTION + "test_trading.py::test_signals_of_another_book_are_read_over",
    ),
    Bug(
        "messages of open transactions are read",
        "a signal is traded that its sender took back",
        "adapters/bus/signal_topic.py",
        'isolation_level="read_committed"',
        'isolation_level="read_uncommitted"',
        "tests/integration/adapters/bus/test_reading.py::test_a_consumer_reads_what_was_committed_and_guesses_no_place",
    ),
    Bug(
        "a place in the topic is guessed",
        "after a lost tail the consumer goes on somewhere, and signals are skipped",
        "adapters/bus/signal_topic.py",
        'auto_offset_reset="none"',
        'auto_offset_reset="latest"',
        "tests/integration/adapters/bus/test_reading.py::test_a_consumer_reads_what_was_committed_and_guesses_no_place",
    ),
    Bug(
        "the audit chain without its links",
        "a row can be taken out and nobody sees it",
        "sql/migrations/0002_ops.sql",
        "concat_ws('|', new.seq, new.previous_hash, extract(epoch",
        "concat_ws('|', new.seq, extract(epoch",
        MESSAGES + "test_the_audit_chain_verifies_and_shows_what_was_tampered_with",
    ),
)

#: Risk, recovery and reconciliation.
RISK = (
    Bug(
        "a stop moves down",
        "a worse signal takes protection away from a position that lives",
        "trading/account.py",
        "if self.stop_floor is not None and level < self.stop_floor:",
        "if False:",
        UNIT + "trading/execution/test_plan.py::test_stops",
    ),
    Bug(
        "a sale beside its stop",
        "stop and exit sell the same holding",
        "trading/execution/plan.py",
        "    if locking:\n        return Plan(cancels=locking)\n    quantity",
        "    quantity",
        UNIT + "trading/execution/test_plan.py::test_exits_cancel_the_stop_first_and_then_sell",
    ),
    Bug(
        "a second order beside one in doubt",
        "what may live at the venue is asked for again",
        "trading/execution/plan.py",
        "if any(order.state.unsettled for order in account.working):",
        "if any(order.state.terminal for order in account.working):",
        UNIT + "trading/execution/test_plan.py::test_while_the_venue_owes_an_answer_nothing_is_done",
    ),
    Bug(
        "an entry despite a closed gate",
        "bad data or a halt stop nothing",
        "trading/risk/entry_gate.py",
        "return target if is_open else",
        "return target if True else",
        UNIT + "trading/risk/test_overlays.py::test_a_closed_gate_holds_entries_and_passes_exits",
    ),
    Bug(
        "an expired signal is sent",
        "the market of an hour ago is traded today",
        "trading/execution/protocol.py",
        '    if now >= valid_until:\n        return "the signal',
        '    if now is None:\n        return "the signal',
        UNIT + "trading/execution/test_protocol.py::test_what_holds_an_intent_back",
    ),
    Bug(
        "limits of the start",
        "a limit that was tightened holds only after the next restart",
        "services/execution/evaluate.py",
        "version, limits = desk.limits.of(connection, situation.limits_version)",
        "version, limits = desk.limits.of(connection, 1)",
        EXECUTION + "test_limits.py::test_the_next_decision_obeys_the_new_limits_and_says_so",
    ),
    Bug(
        "nobody agrees to looser limits",
        "one person alone takes a limit away",
        "sql/migrations/0023_limits.sql",
        "c.looser = '{}'\n        or exists (",
        "c.looser is not null\n        or exists (",
        EXECUTION + "test_limits.py::test_what_waits_for_a_second_person_is_not_obeyed",
    ),
    Bug(
        "a halt is not looked at before sending",
        "an order that waited goes out after the kill switch",
        "services/execution/dispatch.py",
        "_, closed_by = accounts.gate(connection, desk.book, desk.venue_name, request.symbol)",
        'closed_by = ""',
        EXECUTION + "test_trading.py::test_a_halt_voids_an_entry_that_waits_to_be_sent",
    ),
    Bug(
        "an order in doubt does not close the gate",
        "new risk is added while nobody knows what is held",
        "sql/migrations/0016_situation.sql",
        "and o.state = 'UNKNOWN'",
        "and o.state = 'NEVER'",
        TABLES + "test_what_closes_the_gate_in_the_order_of_weight",
    ),
    Bug(
        "a late signal overrules a newer one",
        "a message that was held up turns the position around",
        "services/execution/intake.py",
        "if newest is not None and _rank(newest) > (signal.decided_at.isoformat(), signal.signal_id):",
        "if False and newest is not None:",
        EXECUTION + "test_intake.py::test_a_signal_that_comes_after_a_newer_one_is_denied",
    ),
    Bug(
        "two quotes of a decision share an id",
        "the second bid of a grid is taken for the first",
        "trading/order.py",
        "return f\"{self.leg}{self.level or ''}\"",
        'return f"{self.leg}"',
        UNIT + "trading/test_order.py::test_every_part_of_the_key_counts",
    ),
    Bug(
        "quotes are paid from what others hold",
        "asks that are a little too large and a new one sell more than there is",
        "trading/execution/ladder.py",
        "free = {Leg.BID: account.cash, Leg.ASK: account.position}",
        "free = {Leg.BID: account.cash, Leg.ASK: account.holding}",
        UNIT + "trading/execution/test_ladder.py::test_what_is_missing_is_paid_from_what_is_free",
    ),
    Bug(
        "bids rest while data are in doubt",
        "bad data go on buying until the next signal",
        "adapters/store/triggers.py",
        "not like 'symbol RECONCILING%%'",
        "like 'nothing'",
        EXECUTION + "test_quotes.py::test_when_the_data_are_in_doubt_quotes_go_without_waiting_for_a_signal",
    ),
    Bug(
        "quotes outlive their strategy",
        "a strategy that has died goes on trading at the prices of an hour ago",
        "adapters/store/triggers.py",
        "s.until + (s.until - s.since) * %(grace)s < %(now)s",
        "%(grace)s < 0 and %(now)s is null",
        EXECUTION + "test_quotes.py::test_quotes_of_a_signal_that_is_over_go_by_themselves",
    ),
    Bug(
        "what a profit target sold is bought back",
        "a position that has reached its target is bought again and again",
        "trading/decide.py",
        'target = target.capped(account.holding, "profit_taken")',
        "pass",
        UNIT + "trading/test_decide_quotes.py::test_a_profit_target_sells_once_and_nothing_is_bought_back",
    ),
    Bug(
        "what may not grow is not protected",
        "an addition that is refused leaves the holding without a stop",
        "trading/decide.py",
        "    if refusal:\n",
        '    if refusal:\n        return Decision("DENIED", refusal, account.holding)\n',
        UNIT + "trading/test_decide.py::test_what_may_not_grow_is_protected_nevertheless",
    ),
    Bug(
        "no open orders were told, so there are none",
        "a symbol opens although nobody knows what works at the venue",
        "services/execution/reconcile.py",
        "    if strangers is None or isinstance(at_venue, Unreachable):\n        return None\n",
        "    if strangers is None:\n        return None\n"
        "    if isinstance(at_venue, Unreachable):\n        at_venue = Known(list[VenueOrder]())\n",
        EXECUTION + "test_traps.py::test_a_symbol_stays_closed_until_its_open_orders_are_known",
    ),
    Bug(
        "a stranger's order is not seen",
        "somebody else trades on the account, and we go on",
        "services/execution/reconcile.py",
        "[order for order in at_venue.value if order.client_id not in ours]",
        "[order for order in at_venue.value if order.client_id in ours]",
        EXECUTION + "test_recovery.py::test_a_foreign_order_halts_its_symbol",
    ),
    Bug(
        "a restart reopens what was halted",
        "a symbol with a difference trades again after a crash",
        "services/execution/reconcile.py",
        "if symbol not in halted:",
        "if symbol:",
        EXECUTION + "test_recovery.py::test_a_foreign_trade_halts_its_symbol_and_is_booked_apart",
    ),
)

BUGS = (*SENDING, *ANSWERED, *MONEY, *OWNERSHIP, *RISK)
