// What the service refuses to be dragged beyond, on one page (design "Limits", D2, D8, D9, D11). Units are in the names.
import assert from 'node:assert/strict'

export const limits = Object.freeze({
  // One document in.
  documentCodesMax: 30_000, // What the largest pallets of small packs hold, with room; also one batch.
  documentEventsMax: 2_000, // One batch: a rollback document commits whole or not at all.
  documentBytesMax: 32 * 1024 * 1024, // 30,000 codes with signature tails, twice over.
  captureSliceEvents: 100, // Of a document that may be recorded in part: some 10 ms under the log's lock, so that no till waits long.
  captureSliceCodes: 2_000, // The same in codes.
  captureJobsAtOnce: 2, // Documents that are worked on side by side, of different participants; one core stays for the tills.
  captureJobsOpenMax: 50, // Of one participant, each up to 32 MB in the database.
  jsonDepthMax: 64, // EPCIS needs about 10; beyond this only attacks on recursive readers are found.
  pathParameterMax: 512, // A code with a signature tail, percent-encoded; Fastify's 100 cuts it off.
  headerBytesMax: 16 * 1024, // Node's default, named because clients meet it.

  // One code order.
  orderCodesMax: 1_500_000, // Below 2^21, so that ids of an order never reach the next one's.
  blockCodes: 1_000, // Codes to a row: 8 bytes each keeps a block near one database page.
  serialLengthMax: 20, // GS1 General Specifications, AI 21.

  // The ledger's queue.
  batchEventsMax: 2_000,
  batchCodesMax: 30_000, // Work is counted in codes too: 2,000 events of 30,000 codes would be an hour.
  waitingEventsMax: 20_000, // Ten batches. Past this an honest 503 beats an answer nobody waits for.
  waitingBytesMax: 64 * 1000 * 1000,
  waitingWorkMaxMs: 1_000, // Of estimated work: a till gives up after a second or two.
  commitRetryMs: 10_000, // A restarting database is back within seconds; past this the caller hears that the outcome is unknown.
  entryBytesMax: 65_535, // The length prefix of a C2SP tlog-tiles entry bundle is 16 bits wide.
  nestingMax: 8, // Unit, bundle, case, pallet, container, vehicle, and two to spare.

  // Requests.
  requestsAtWorkMax: 1_000, // Worked on at once: at 5,000 a second the last of them waits 0.2 s. Who comes then is sent away unread.
  requestsPerTurnMax: 500, // Taken in by one turn of the event loop: 60 ms of work. More of them turn after turn is more than it can do.
  requestsBegunPerTurnMax: 150, // Some 20 ms of work. The others stand in line while the database's answers are heard and tills are served.
  turnMaxMs: 100, // With a thousand sockets full at once libuv goes on taking in for seconds before it ends a turn.
  connectionsWaitingMax: 4_096, // Not yet accepted; Node's 511 overflow in one busy moment, and TCP then tries again only after a second.
  loopLateMaxMs: 3_000, // An event loop that is seconds behind answers nobody in time.
  requestTimeoutMs: 60_000, // From the first byte to the last of 32 MB over a bad line; who is slower holds a socket for nothing.
  notFoundStrokeMs: 25, // Longer than looking anything up takes: whether it is somebody else's or was never there is not to be told from the time.
  headersTimeoutMs: 10_000, // Headers are one packet or two.
  slowLookMs: 5_000, // How often connections are looked through for those that are too slow.
  connectionsMax: 20_000, // Open at once, of whomever: each costs some 10 kB, and a process has a limit of open files. More are closed at once.
  requestsPerKeyPerSecond: 1_000,
  requestsPerAddressPerSecond: 20, // Without a key: a person with a telephone, not a crawler.
  checksPerUnitPerSecond: 5, // Public ones of one unit, from wherever: shoppers look once, who guesses verification parts looks often.
  problemItemsMax: 100, // Beyond this nobody reads on; `errorCount` tells how many there are.
  saleCheckCodesMax: 1_000, // A receipt has dozens; a shop's shelf check hundreds.
  saleCheckReadCodes: 2_000, // Codes of tills that ask at the same time, read by one round of statements: some 10 ms of judging.
  saleCheckReadsAtOnce: 2, // Rounds under way: the database reads one while the other is judged.
  receiptLinesMax: 1_000, // Wholesale to the public included; with a price each they still fit one entry.
  findingsDetailedPerMinute: 600, // Of refused events and participant: ten a second is a till gone mad; more is counted into one.
  pageMax: 1_000, // Rows of one page.
  pageDefault: 30, // EPCIS 2.0 leaves it open; its own examples use 30.

  // Time.
  clockAheadMaxMs: 10 * 60 * 1000, // A handheld's clock drifts by minutes, never by more (design D11).
  undoWindowDays: 10,
  correctionAnswerDays: 5, // A working week; who says nothing within it does not agree.
  offlineWaitHours: 72, // A weekend without a line.
  transitDeadlineHours: 240, // A lorry from the far end of the union takes a week; ten days leave time for a border.
  deadlineIntervalMs: 60_000, // Deadlines are counted in days; a minute more or less is nothing.
  retentionYears: 5,
  shiftPollMs: 60_000, // How long after the end of a shift its seed is revealed, at most.
  beaconTimeoutMs: 4_000, // A round is three seconds; with it a scan at the barrier is decided within five.

  digestIntervalMs: 60_000, // How long a finding may stand unpinned (design D14).

  // How fast goods travel at most, for marks that are seen in two places (src/clones). Generous: a false alarm costs trust.
  roadKmPerHour: 110, // The car of a salesman on a motorway; lorries are limited to 90.
  railKmPerHour: 160, // The fastest freight trains there are,
  railHoursMin: 4, // and what loading, marshalling and unloading take at least.
  airKmPerHour: 900, // A freighter's cruising speed,
  airHoursMin: 3, // and two airports with their customs.
  placeRadiusM: 500, // Of a place that was registered without one: a yard.
  samePlaceKm: 5, // Coordinates are set by hand; the gate and the office of one firm.
  clonePollMs: 1_000, // A suspicion a second old is as good as a fresh one, and the commit path never waits for it.

  checkpointIntervalMs: 500, // At most two checkpoints a second and log; every commit is under one within a second (design D7).
  checkpointLateMaxMs: 60_000, // Entries that wait longer are recorded and not provable: somebody has to look.
  publishPollMs: 1_000, // What other processes commit is seen this soon.

  // The disk.
  diskReserveBytes: 256 * 1024 * 1024, // Below this the service is not ready, and no backup begins or goes on: PostgreSQL still has room for its log.
  walKeptMaxMb: 4_096, // What a backup may hold back of the write-ahead log: it fails sooner than it fills the disk.

  // Database connections.
  poolConnectionsMax: 10, // Two cores answer no faster with more; the ledger's writer has its own connection.
  statementTimeoutMs: 30_000, // No call of ours takes a second; what takes thirty is lost.
  databaseSilentMaxMs: 35_000, // A server that stands still, or is cut off, says nothing and closes nothing: past this its connection is given up.
  readyMaxMs: 3_000, // Who asks /ready has seconds: a database that takes longer to say how it is does not serve.
  lockTimeoutMs: 10_000, // Another process holds a log's head for milliseconds.
  idleInTransactionTimeoutMs: 60_000, // A forgotten transaction holds back vacuum for everybody.
  connectTimeoutMs: 5_000,
  migrationLockMs: 500, // A migration waits this long for a lock: whoever serves waits behind it.
  migrationLockPauseMs: 1_500, // Then everybody passes, and it tries again,
  migrationLockTries: 150, // for some five minutes.
  shutdownMaxMs: 10_000, // After this the process ends without waiting for those who read slowly.
} as const)
export type Limits = { readonly [name in keyof typeof limits]: number }

assert(limits.databaseSilentMaxMs > limits.statementTimeoutMs, 'who stops a statement is the server, if it can')
assert(limits.documentCodesMax <= limits.batchCodesMax, 'a document must fit one batch')
assert(limits.documentEventsMax <= limits.batchEventsMax, 'a document must fit one batch')
assert(limits.waitingEventsMax >= 4 * limits.batchEventsMax, 'the queue must outlast some batches')
assert(limits.orderCodesMax + 1 < 2 ** 21, "an order's ids must not reach the next order's")
