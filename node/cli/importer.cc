#include "node/cli/importer.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/arena.h>

#include "node/base/text.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/frontend/error_map.h"

namespace idnode::cli {
namespace {

constexpr std::chrono::milliseconds kWatchInterval{50};
constexpr std::chrono::milliseconds kAnnounceInterval{10'000};

/// True where the same request may well be taken a moment later.
bool IsWorthRepeating(Errc code) {
  return frontend::IsRetryable(code) || code == Errc::kUndetermined ||
         code == Errc::kDeadlineExceeded || code == Errc::kConflict;
}

/// What the end of a stream means. Unset: connect again.
std::optional<Error> FatalErrorOf(const grpc::Status& status, const Error& error) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:  // such as a reset of the stream by a node that was killed
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
      return std::nullopt;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (status.error_message().find("larger than max") == std::string::npos) return std::nullopt;
      return Error(Errc::kBatchTooLarge, status.error_message() + "; use a smaller --batch");
    default:
      if (IsWorthRepeating(error.code)) return std::nullopt;
      return error;
  }
}

enum class Progressed { kFinal, kAskAgain, kAskAnew };

/// Whether an item's outcome stands. An unknown one is asked for again under the same request id;
/// a refusal that will pass (say, a full queue) under another, as the first has its answer stored.
Progressed StageOf(const v1::ItemResult& result) {
  if (result.outcome() == v1::UNDETERMINED || result.outcome() == v1::OUTCOME_UNSPECIFIED) {
    return Progressed::kAskAgain;
  }
  if (result.outcome() == v1::REJECTED && IsWorthRepeating(ErrcOfSlug(result.reason()))) {
    return Progressed::kAskAnew;
  }
  return Progressed::kFinal;
}

}  // namespace

struct Importer::Batch {
  enum class Status { kReady, kSent, kDone };
  struct Row {
    std::size_t raw_at = 0;
    std::size_t raw_bytes = 0;
    std::size_t fields = 0;
    std::uint64_t line = 0;
    int item = -1;            ///< of the request; -1: refused here
    std::size_t refusal = 0;  ///< where refused here: index into `refusals`
  };

  std::int64_t number = 0;
  Status status = Status::kReady;
  Deadline sent_at{};
  int renamed = 0;  ///< times it was asked anew
  google::protobuf::Arena arena;
  v1::BatchRegisterRequest* request =
      google::protobuf::Arena::CreateMessage<v1::BatchRegisterRequest>(&arena);
  google::protobuf::RepeatedPtrField<v1::ItemResult> results;
  std::string raw;  ///< the rows as they stand in the input, one after the other
  std::vector<Row> rows;
  std::vector<Error> refusals;
  std::uint64_t end_offset = 0;
  std::uint64_t end_line = 0;
};

struct Importer::Session {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::BatchRegisterRequest, v1::BatchRegisterResponse>>
      stream;
  bool broken = false;
};

Importer::Importer(const Client& client, RecordReader& reader, RowMapper& mapper,
                   RejectsFile& rejects, Progress& progress, Interrupt& interrupt,
                   const Clock& clock, Language language, ImporterOptions options,
                   std::string state_path, ImportState state)
    : client_(client),
      reader_(reader),
      mapper_(mapper),
      rejects_(rejects),
      progress_(progress),
      interrupt_(interrupt),
      clock_(clock),
      language_(language),
      options_(options),
      state_path_(std::move(state_path)),
      state_(std::move(state)),
      next_batch_(state_.next_batch) {}

Importer::~Importer() = default;

ImportEnd Importer::Run() {
  progress_at_ = clock_.Monotonic();
  saved_at_ = progress_at_;
  {
    // Before anything is sent: the request ids must be known to whoever goes on after a crash.
    const std::lock_guard lock(mutex_);
    state_dirty_ = true;
  }
  SaveState();
  std::thread watching([this] { Watch(); });
  while (!RunSession()) {
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  watching.join();
  SaveState();
  progress_.Clear();
  ImportEnd end;
  end.error = fatal_;
  end.interrupted = interrupted_ && !FinishedLocked();
  end.state = state_;
  return end;
}

// ---- reading and sending ---------------------------------------------------

Importer::BatchRef Importer::ReadBatch() {
  auto batch = std::make_shared<Batch>();
  std::size_t bytes = 0;
  while (static_cast<std::int64_t>(batch->rows.size()) < state_.batch_rows &&
         bytes < kImportBatchBytesMax) {
    InputRecord record;
    auto more = reader_.Next(record);
    if (!more.ok()) {
      read_error_ = more.error();
      break;
    }
    if (!*more) break;
    AddRow(record, *batch);
    bytes += record.raw.size();
  }
  if (batch->rows.empty()) return nullptr;
  batch->number = next_batch_++;
  batch->request->set_request_id(state_.RequestId(batch->number));
  batch->end_offset = reader_.offset();
  batch->end_line = reader_.line();
  return batch;
}

void Importer::AddRow(const InputRecord& record, Batch& batch) {
  Batch::Row row;
  row.raw_at = batch.raw.size();
  row.raw_bytes = record.raw.size();
  row.fields = record.fields == nullptr ? 0 : record.fields->size();
  row.line = record.line;
  batch.raw.append(record.raw);
  row.item = batch.request->items_size();
  auto mapped = mapper_.Map(record, *batch.request->add_items());
  if (!mapped.ok()) {
    batch.request->mutable_items()->RemoveLast();
    row.item = -1;
    row.refusal = batch.refusals.size();
    batch.refusals.push_back(mapped.error());
  }
  batch.rows.push_back(row);
}

Importer::BatchRef Importer::NextToSend(Session& session) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (OverLocked() || session.broken || FinishedLocked()) return nullptr;
    const Deadline now = clock_.Monotonic();
    if (now < pause_until_) {
      changed_.wait_for(lock, pause_until_ - now);
      continue;
    }
    const auto ready = std::find_if(window_.begin(), window_.end(), [](const BatchRef& batch) {
      return batch->status == Batch::Status::kReady;
    });
    if (ready != window_.end()) {
      const BatchRef batch = *ready;
      batch->status = Batch::Status::kSent;
      batch->sent_at = now;
      sent_.push_back(batch);
      return batch;
    }
    if (input_ended_ || window_.size() >= options_.in_flight) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    BatchRef batch = ReadBatch();
    lock.lock();
    if (batch == nullptr || read_error_) input_ended_ = true;
    if (batch == nullptr) continue;
    if (batch->request->items_size() == 0) batch->status = Batch::Status::kDone;
    window_.push_back(std::move(batch));
    AdvanceLocked();
  }
}

bool Importer::RunSession() {
  Session session;
  session.context = client_.NewContext(std::chrono::milliseconds(0));
  session.stream = client_.registration().RegisterStream(session.context.get());
  {
    const std::lock_guard lock(mutex_);
    session_ = &session;
  }
  std::thread reading([this, &session] { ReadAnswers(session); });
  while (const BatchRef batch = NextToSend(session)) {
    if (!session.stream->Write(*batch->request)) break;
  }
  session.stream->WritesDone();
  reading.join();
  EndSession(session);
  const std::lock_guard lock(mutex_);
  return OverLocked() || FinishedLocked();
}

void Importer::EndSession(Session& session) {
  const grpc::Status status = session.stream->Finish();
  std::unique_lock lock(mutex_);
  session_ = nullptr;
  for (const BatchRef& batch : sent_) batch->status = Batch::Status::kReady;
  sent_.clear();
  if (FinishedLocked()) {
    if (read_error_ && !fatal_) FailLocked(*read_error_);
    return;
  }
  if (OverLocked()) return;
  const Error error = client_.WithServer(ErrorOf(status, *session.context));
  if (auto fatal = FatalErrorOf(status, error)) {
    FailLocked(*std::move(fatal));
    return;
  }
  last_failure_ = error.detail;
  AnnounceLocked(Say(language_, messages::kReconnecting, Printable(error.detail)));
  const Deadline until = clock_.Monotonic() + BackOffLocked();
  while (!OverLocked() && clock_.Monotonic() < until) {
    changed_.wait_for(lock, until - clock_.Monotonic());
  }
}

// ---- answers ----------------------------------------------------------------

void Importer::ReadAnswers(Session& session) {
  v1::BatchRegisterResponse response;
  while (session.stream->Read(&response)) OnAnswer(response);
  {
    const std::lock_guard lock(mutex_);
    session.broken = true;
  }
  changed_.notify_all();
}

void Importer::OnAnswer(const v1::BatchRegisterResponse& response) {
  {
    const std::lock_guard lock(mutex_);
    if (sent_.empty() || (!response.request_id().empty() &&
                          response.request_id() != sent_.front()->request->request_id())) {
      FailLocked(Error(Errc::kInternal, "the node answered a batch that was not asked for"));
    } else {
      const BatchRef batch = sent_.front();
      sent_.pop_front();
      batch->status = Batch::Status::kReady;
      if (response.has_error()) {
        Error error(ErrcOfSlug(response.error().slug()), response.error().detail(),
                    response.error().field());
        if (IsWorthRepeating(error.code)) {
          RetryLocked(batch, std::chrono::milliseconds(response.error().retry_after_ms()), error);
        } else {
          FailLocked(std::move(error));
        }
      } else if (TakeResults(response, *batch)) {
        batch->status = Batch::Status::kDone;
        failures_ = 0;
        progress_at_ = clock_.Monotonic();
        AdvanceLocked();
      } else if (!fatal_) {
        RetryLocked(batch, std::chrono::milliseconds(0),
                    Error(Errc::kUndetermined, "some outcomes are not known yet"));
      }
    }
  }
  changed_.notify_all();
}

bool Importer::TakeResults(const v1::BatchRegisterResponse& response, Batch& batch) {
  const int items = batch.request->items_size();
  if (response.results_size() != items) {
    FailLocked(Error(Errc::kInternal, "the node gave " + std::to_string(response.results_size()) +
                                          " outcomes for " + std::to_string(items) + " items"));
    return false;
  }
  const bool first = batch.results.empty();
  bool ask_again = false;
  bool ask_anew = false;
  for (int i = 0; i < items; ++i) {
    if (first) {
      *batch.results.Add() = response.results(i);
    } else if (StageOf(batch.results[i]) != Progressed::kFinal) {
      batch.results[i] = response.results(i);
    }
    const Progressed stage = StageOf(batch.results[i]);
    ask_again = ask_again || stage == Progressed::kAskAgain;
    ask_anew = ask_anew || stage == Progressed::kAskAnew;
  }
  if (ask_anew && !ask_again) {
    ++batch.renamed;
    batch.request->set_request_id(state_.RequestId(batch.number) + "-" +
                                  std::to_string(batch.renamed));
  }
  return !ask_again && !ask_anew;
}

void Importer::RetryLocked(const BatchRef& batch, std::chrono::milliseconds wait,
                           const Error& why) {
  batch->status = Batch::Status::kReady;
  last_failure_ = why.detail;
  AnnounceLocked(Say(language_, messages::kWaiting, Printable(why.detail)));
  // At least what the node asks for; longer when it keeps asking.
  pause_until_ = clock_.Monotonic() + std::max(wait, BackOffLocked());
}

std::chrono::milliseconds Importer::BackOffLocked() {
  auto wait = options_.backoff_min;
  for (int i = 0; i < failures_ && wait < options_.backoff_max; ++i) wait *= 2;
  wait = std::min(wait, options_.backoff_max);
  ++failures_;
  // Between half and all of it, so that many clients do not come back at the same instant.
  const auto dice = static_cast<unsigned char>(SecureRandom(1)[0]);
  return wait / 2 + wait / 2 * dice / 255;
}

void Importer::AnnounceLocked(const std::string& line) {
  const Deadline now = clock_.Monotonic();
  if (announced_at_ != Deadline{} && now - announced_at_ < kAnnounceInterval) return;
  announced_at_ = now;
  progress_.Say(line);
}

void Importer::FailLocked(Error error) {
  if (fatal_) return;
  fatal_ = std::move(error);
  over_at_ = clock_.Monotonic();
}

void Importer::AdvanceLocked() {
  while (!window_.empty() && window_.front()->status == Batch::Status::kDone) {
    const BatchRef batch = window_.front();
    if (auto counted = CountLocked(*batch); !counted.ok()) {
      FailLocked(counted.error());
      return;
    }
    window_.pop_front();
    state_.next_batch = batch->number + 1;
    state_.offset = batch->end_offset;
    state_.line = batch->end_line;
    state_.rejects_bytes = rejects_.bytes();
    state_dirty_ = true;
  }
}

Result<void> Importer::CountLocked(const Batch& batch) {
  ImportCounts counts = state_.counts;
  for (const Batch::Row& row : batch.rows) {
    ++counts.rows;
    RejectReason reason;
    reason.line = row.line;
    if (row.item < 0) {
      const Error& refusal = batch.refusals[row.refusal];
      reason.outcome = "REJECTED";
      reason.reason = SlugOf(refusal.code);
      reason.field = refusal.field;
      reason.detail = refusal.detail;
      ++counts.rejected;
    } else {
      const v1::ItemResult& result = batch.results[row.item];
      switch (result.outcome()) {
        case v1::REGISTERED:
          ++counts.registered;
          continue;
        case v1::RE_REGISTERED:
          ++counts.re_registered;
          continue;
        case v1::UNCHANGED:
          ++counts.unchanged;
          continue;
        case v1::CONFLICT:
          ++counts.conflicting;
          reason.outcome = "CONFLICT";
          reason.reason = SlugOf(Errc::kIdentifierExists);
          break;
        default:
          ++counts.rejected;
          reason.outcome = v1::Outcome_Name(result.outcome());
          break;
      }
      if (!result.reason().empty()) reason.reason = result.reason();
      reason.field = result.field();
      reason.detail = result.detail();
    }
    IDNODE_RETURN_IF_ERROR(rejects_.Add(
        std::string_view(batch.raw).substr(row.raw_at, row.raw_bytes), row.fields, reason));
  }
  state_.counts = counts;
  return {};
}

// ---- watching ---------------------------------------------------------------

void Importer::Watch() {
  while (true) {
    if (!interrupt_.raised()) {
      interrupt_.WaitFor(kWatchInterval);
    } else {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kWatchInterval, [this] { return stopping_; });
    }
    WatchOnce();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void Importer::WatchOnce() {
  const Deadline now = clock_.Monotonic();
  {
    const std::lock_guard lock(mutex_);
    if (interrupt_.raised() && !OverLocked()) {
      interrupted_ = true;
      over_at_ = now;
    }
    if (!OverLocked() && now - progress_at_ > options_.retry_for) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.retry_for);
      FailLocked(Error(Errc::kUnavailable,
                       Say(language_, messages::kGaveUp, seconds.count(), last_failure_)));
    }
    const bool too_slow = !sent_.empty() && now - sent_.front()->sent_at > options_.answer_timeout;
    const bool grace_over = OverLocked() && now - over_at_ > options_.interrupt_grace;
    if (session_ != nullptr && (too_slow || grace_over)) session_->context->TryCancel();
    if (!OverLocked()) {
      progress_.Update(static_cast<std::int64_t>(state_.offset), state_.counts.rows);
    }
  }
  changed_.notify_all();
  if (now - saved_at_ >= options_.state_interval) {
    saved_at_ = now;
    SaveState();
  }
}

void Importer::SaveState() {
  ImportState state;
  {
    const std::lock_guard lock(mutex_);
    if (!state_dirty_) return;
    // The rows that the state says are written must be on disk before the state is.
    if (auto flushed = rejects_.Flush(); !flushed.ok()) {
      FailLocked(flushed.error());
      return;
    }
    state_dirty_ = false;
    state = state_;
  }
  if (auto saved = SaveImportState(state_path_, state); !saved.ok()) {
    const std::lock_guard lock(mutex_);
    FailLocked(saved.error());
  }
}

}  // namespace idnode::cli
