#pragma once

#include "node/service/volume_service.h"

namespace idnode::service {

/// Recomputes a month's figures from records and history and compares them with the counters, on
/// a store that is being written.
///
/// Shard by shard: an empty commit draws a line in time (every commit before it has an earlier
/// commit time, every later one a time not earlier). The records tell all events before the line,
/// whenever they are read, since a change keeps what it replaced. The counters are taken back to
/// the line by the deltas in the feed rows from the line on; each counter row names the commit
/// that wrote it last, so no two reads need to happen at one instant.
///
/// Of dimensions that the records do not tell (source address, industry, region) the sum over all
/// values is held against the recounted total: a difference has the key "*". A shard whose month
/// began before the dimension was counted is left out of that (CounterRow::dimensions).
///
/// Holds one page of rows at a time: about 4 MiB, and where small records turn into large ones at
/// most 512 of those, once. Errors: kClockUntrusted (no line can be drawn), kDeadlineExceeded
/// (`progress` said to stop), those of the engine.
Result<RecountReport> RecountMonth(storage::Engine& engine, storage::Committer& committer,
                                   const Clock& clock, const TimeZone& zone, Month month,
                                   const RecountProgressFn& progress);

}  // namespace idnode::service
