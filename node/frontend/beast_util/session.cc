#include "node/frontend/beast_util/session.h"

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "node/base/log.h"
#include "node/frontend/beast_util/input_buffer.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/beast_util/tls_context.h"
#include "node/frontend/source_address.h"

namespace idnode::frontend::http {
namespace {

// Answers gathered for one write hold at most about this much.
constexpr std::size_t kOutBytesMax = 256 * 1024;
// An output buffer that grew beyond this is given back once written.
constexpr std::size_t kOutKeptBytesMax = 64 * 1024;
// RFC 9112 §2.2 asks for one empty line before a request to be passed over; more than this is
// noise.
constexpr std::size_t kEmptyLineBytesMax = 16;
// Beyond connections_max and connections_per_address_max so many more are served one refusal each;
// further ones are just closed.
constexpr std::size_t kRefusalsMax = 64;
constexpr std::size_t kRefusalsPerAddressMax = 8;
// Read at once while a body comes in, beside the header section.
constexpr std::size_t kBodyReadBytes = 64 * 1024;

using TlsStream = asio::ssl::stream<Socket>;

enum class ParseStatus { kNeedMore, kComplete, kRefused };

// The answer's way back to its session, from any thread.
class SessionCompletion : public Completion {
 public:
  SessionCompletion(std::shared_ptr<SessionBase> session, std::shared_ptr<ServerShared> shared,
                    Executor executor)
      : session_(std::move(session)), shared_(std::move(shared)), executor_(std::move(executor)) {}
  ~SessionCompletion() override { Post({}); }

  void Finish(std::string answer) override { Post(std::move(answer)); }

 private:
  void Post(std::string answer) {
    if (done_.exchange(true)) return;
    // The session goes along: its last reference must not be dropped on this thread.
    auto deliver = [session = std::move(session_), answer = std::move(answer)]() mutable {
      session->OnAnswer(std::move(answer));
    };
    asio::post(executor_, std::move(deliver));
    shared_->deferred.Leave();
  }

  std::shared_ptr<SessionBase> session_;
  const std::shared_ptr<ServerShared> shared_;
  const Executor executor_;
  std::atomic<bool> done_{false};
};

template <typename Stream>
class Session final : public SessionBase,
                      public Exchange,
                      public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  Session(IoThread& io, std::shared_ptr<ServerShared> shared, Stream stream,
          std::shared_ptr<asio::ssl::context> tls, bool refuse, ConnectionPlace place)
      : SessionBase(io, std::move(shared), std::move(place)),
        tls_(std::move(tls)),
        stream_(std::move(stream)),
        refuse_(refuse),
        source_(SourceOf(place_.peer())),
        in_(options().header_bytes_max, kBodyReadBytes),
        parsed_(shared_->bodies) {}
  ~Session() override {
    if (buffer_charged_) shared_->bodies.GiveBack(in_.large_bytes());
  }

  /// Serves until the connection ends. The caller keeps the session alive meanwhile.
  Awaitable<void> Run();

  void EndIdle() override {
    error_code ignored;
    if (idle_) socket().cancel(ignored);
  }
  void OnDeadline() override {
    if (!reading_request_) return Abort();
    slow_ = true;
    error_code ignored;
    socket().cancel(ignored);
  }
  void Abort() override {
    error_code ignored;
    socket().close(ignored);
  }
  void OnAnswer(std::string answer) override {
    answered_ = true;
    answer_ = std::move(answer);
    if (wake_) wake_->cancel();
  }
  std::shared_ptr<Completion> Defer() override;

 private:
  const ServerOptions& options() const { return shared_->options; }
  Socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }
  bool draining() const { return shared_->draining.load(std::memory_order_relaxed); }
  bool InRequest() const { return parser_.has_value(); }

  ParseStatus Parse();
  ParseStatus Put();
  ParseStatus RefuseRequest(Errc code, std::string detail);
  void PrepareRead();
  bool ChargeBuffer();
  bool TryRead();
  bool OnRead(const error_code& ec, std::size_t bytes);
  void Dispatch();
  void CallHandler();
  void EndRequest();
  bool TryWrite();
  void Wrote();
  Awaitable<bool> Flush();
  Awaitable<void> AwaitAnswer();
  Awaitable<void> Close();

  const std::shared_ptr<asio::ssl::context> tls_;  // outlives the stream
  Stream stream_;
  const bool refuse_;
  const std::string source_;
  std::string client_certificate_;  // its fingerprint; known once the handshake is over
  InputBuffer in_;
  ParsedRequest parsed_;
  std::optional<RequestParser> parser_;  // of the request under way
  std::size_t head_bytes_ = 0;           // of its header section, once that is complete
  bool timed_ = false;                   // its deadline, or that of the wait for it, is set
  std::size_t empty_line_bytes_ = 0;     // passed over since the request before
  bool buffer_charged_ = false;          // the large buffer is part of the budget of bodies
  bool reading_request_ = false;         // suspended in a read of a request's bytes
  bool slow_ = false;                    // its deadline passed meanwhile
  bool continue_sent_ = false;
  bool idle_ = false;    // waiting for the first byte of a request
  bool unread_ = false;  // the peer may still be sending what we will not read
  bool deferred_ = false;
  std::string date_line_;  // of a deferred request
  bool answered_ = false;
  std::string answer_;
  std::optional<Timer> wake_;
  std::size_t gathered_ = 0;  // answers in out_
  std::size_t written_ = 0;   // bytes of out_ that are sent
};

template <typename Stream>
std::shared_ptr<Completion> Session<Stream>::Defer() {
  deferred_ = true;
  answered_ = false;
  // The thread renews its line at ticks, while the answer may be written on another thread.
  date_line_ = request_.date_line;
  request_.date_line = date_line_;
  // Cannot be closed here: the server closes this gate only when no session is left.
  (void)shared_->deferred.Enter();
  return std::make_shared<SessionCompletion>(this->shared_from_this(), shared_,
                                             io_.context.get_executor());
}

template <typename Stream>
ParseStatus Session<Stream>::RefuseRequest(Errc code, std::string detail) {
  request_ = Request();
  request_.method = Method::kGet;
  request_.keep_alive = false;
  request_.date_line = io_.date_line;
  AppendResponse(request_, Problem(request_, Error(code, std::move(detail))), out_);
  shared_->handler.OnRefused(code);
  unread_ = true;
  return ParseStatus::kRefused;
}

template <typename Stream>
ParseStatus Session<Stream>::Parse() {
  if (!parser_) {
    // RFC 9112 §2.2: empty lines before a request are passed over.
    while (!in_.unparsed().empty() && (in_.unparsed()[0] == '\r' || in_.unparsed()[0] == '\n')) {
      in_.Parsed(1);
      in_.NextRequest();
      if (++empty_line_bytes_ > kEmptyLineBytesMax) {
        return RefuseRequest(Errc::kInvalidRequest, "too many empty lines before a request");
      }
    }
    if (in_.unparsed().empty()) return ParseStatus::kNeedMore;
    empty_line_bytes_ = 0;
    parsed_.Reset();
    parser_.emplace(parsed_);
    // Beast's own bound counts request line and fields apart: ours, exact, is in Put.
    parser_->header_limit(static_cast<std::uint32_t>(options().header_bytes_max + 1));
    parser_->body_limit(options().body_bytes_max);
    head_bytes_ = 0;
    timed_ = false;
    continue_sent_ = false;
  }
  return Put();
}

template <typename Stream>
ParseStatus Session<Stream>::Put() {
  parsed_.Rebase(in_.all());
  while (!in_.unparsed().empty()) {
    const std::string_view input = in_.unparsed();
    error_code ec;
    in_.Parsed(parser_->put(asio::const_buffer(input.data(), input.size()), ec));
    if (head_bytes_ == 0 && parser_->is_header_done()) head_bytes_ = in_.parsed_bytes();
    const std::size_t head_so_far = head_bytes_ > 0 ? head_bytes_ : in_.request_bytes();
    if ((!ec || ec == beast_http::error::need_more) && head_so_far > options().header_bytes_max) {
      ec = beast_http::error::header_limit;
    }
    if (ec == beast_http::error::need_more) return ParseStatus::kNeedMore;
    if (!ec) {
      if (parser_->is_done()) return ParseStatus::kComplete;
      continue;
    }
    if (parsed_.refusal() != Errc::kOk) {
      return RefuseRequest(parsed_.refusal(), std::string(parsed_.refusal_detail()));
    }
    if (ec == beast_http::error::header_limit) {
      return RefuseRequest(Errc::kHeaderTooLarge, "the request line and header section may have " +
                                                      std::to_string(options().header_bytes_max) +
                                                      " bytes");
    }
    if (ec == beast_http::error::body_limit) {
      return RefuseRequest(Errc::kPayloadTooLarge, "a body may have " +
                                                       std::to_string(options().body_bytes_max) +
                                                       " bytes; send smaller batches");
    }
    return RefuseRequest(Errc::kInvalidRequest, "not an HTTP/1.1 request: " + ec.message());
  }
  return ParseStatus::kNeedMore;
}

// Room, deadlines, and the interim answer that a client may be waiting for.
template <typename Stream>
void Session<Stream>::PrepareRead() {
  const bool in_body = InRequest() && head_bytes_ > 0;
  if (in_body) in_.DropBody(head_bytes_);
  const std::size_t shift = in_.MakeRoom(in_body && ChargeBuffer());
  if (InRequest() && shift > 0) parsed_.ShiftDown(shift);
  if (!timed_) {
    // One deadline for the wait and one for the whole request, from its first byte on: sending
    // slowly, or empty lines now and then, gains nothing.
    Arm(InRequest() ? options().request_timeout_ms : options().idle_timeout_ms);
    timed_ = true;
  }
  idle_ = !InRequest();
  if (in_body && parsed_.expects_continue() && !continue_sent_) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    continue_sent_ = true;
  }
}

// The buffer for a body is part of what bodies may take. Where there is no room for it the body is
// read in small pieces.
template <typename Stream>
bool Session<Stream>::ChargeBuffer() {
  if (!buffer_charged_) buffer_charged_ = shared_->bodies.Take(in_.large_bytes());
  return buffer_charged_;
}

// While draining: takes what has arrived already, without waiting.
template <typename Stream>
bool Session<Stream>::TryRead() {
  if constexpr (kTls) {
    return false;
  } else {
    PrepareRead();
    idle_ = false;
    error_code ec;
    const std::size_t bytes = stream_.read_some(asio::buffer(in_.room_data(), in_.room()), ec);
    in_.Read(bytes);
    return bytes > 0;
  }
}

// True if there are bytes to parse.
template <typename Stream>
bool Session<Stream>::OnRead(const error_code& ec, std::size_t bytes) {
  const bool was_idle = std::exchange(idle_, false);
  in_.Read(bytes);
  if (!ec) return true;
  const bool ended_by_drain = ec == asio::error::operation_aborted && was_idle && draining();
  return ended_by_drain && socket().is_open() && TryRead();
}

template <typename Stream>
void Session<Stream>::Dispatch() {
  Disarm();
  parsed_.Fill(request_);
  request_.keep_alive = parser_->keep_alive() && !draining() && !refuse_;
  request_.date_line = io_.date_line;
  request_.source = source_;
  request_.client_certificate = client_certificate_;
  request_.any_origin = shared_->handler.ForAnyOrigin(request_);
  deferred_ = false;
  if (refuse_) {
    shared_->handler.OnRefused(Errc::kOverloaded);
    AppendResponse(request_, Problem(request_, Error(Errc::kOverloaded, "too many connections")),
                   out_);
  } else {
    CallHandler();
  }
  if (!deferred_) ++gathered_;
}

// One of the two places where foreign exceptions are caught (style, Errors).
template <typename Stream>
void Session<Stream>::CallHandler() {
  const std::size_t before = out_.size();
  std::string what;
  try {
    shared_->handler.Handle(*this);
    return;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "an exception of unknown type";
  }
  if (deferred_) return;  // its completion was dropped on the way and answers
  out_.resize(before);
  AppendResponse(request_, Problem(request_, Error(Errc::kInternal, what)), out_);
}

template <typename Stream>
void Session<Stream>::EndRequest() {
  parser_.reset();
  parsed_.Reset();
  in_.NextRequest();
  timed_ = false;
  if (buffer_charged_ && in_.capacity() < in_.large_bytes()) {
    shared_->bodies.GiveBack(in_.large_bytes());
    buffer_charged_ = false;
  }
}

template <typename Stream>
void Session<Stream>::Wrote() {
  out_.clear();
  if (out_.capacity() > kOutKeptBytesMax) out_ = std::string();
  written_ = 0;
  gathered_ = 0;
}

// Writes as much as the kernel takes at once: most answers go without a suspension.
template <typename Stream>
bool Session<Stream>::TryWrite() {
  if constexpr (kTls) {
    return false;
  } else {
    while (written_ < out_.size()) {
      error_code ec;
      written_ +=
          stream_.write_some(asio::buffer(out_.data() + written_, out_.size() - written_), ec);
      if (ec) return false;  // would block, or an error that Flush meets again
    }
    Wrote();
    return true;
  }
}

template <typename Stream>
Awaitable<bool> Session<Stream>::Flush() {
  if (TryWrite()) co_return true;
  const std::uint64_t before = deadline_tick_;
  Arm(options().request_timeout_ms);
  auto [ec, bytes] = co_await asio::async_write(
      stream_, asio::buffer(out_.data() + written_, out_.size() - written_), kAwait);
  deadline_tick_ = before;  // writing does not prolong the reading of a request
  (void)bytes;
  Wrote();
  co_return !ec;
}

template <typename Stream>
Awaitable<void> Session<Stream>::AwaitAnswer() {
  bool alive = true;
  if (!out_.empty()) alive = co_await Flush();  // answers before this one
  if (!wake_) wake_.emplace(io_.context, Timer::time_point::max());
  while (!answered_) co_await wake_->async_wait(kAwait);
  deferred_ = false;
  if (!alive) Abort();
  if (answer_.empty()) {
    AppendResponse(request_, Problem(request_, Error(Errc::kInternal, "a handler gave no answer")),
                   out_);
  } else if (out_.empty()) {
    out_.swap(answer_);
  } else {
    out_.append(answer_);
  }
  answer_ = std::string();
  ++gathered_;
}

template <typename Stream>
Awaitable<void> Session<Stream>::Close() {
  if (!socket().is_open()) co_return;
  Arm(kLingerMs);
  if constexpr (kTls) {
    if (!unread_) {
      co_await stream_.async_shutdown(kAwait);
      co_return;
    }
  }
  error_code ignored;
  socket().shutdown(tcp::socket::shutdown_send, ignored);
  // Bytes left unread would make the kernel reset the connection, and the peer lose the answer.
  const bool unread = unread_ || !in_.unparsed().empty();
  in_.Clear();
  for (bool more = unread; more;) {
    auto [ec, bytes] =
        co_await socket().async_read_some(asio::buffer(in_.room_data(), in_.room()), kAwait);
    more = !ec && bytes > 0;
  }
  socket().close(ignored);
}

template <typename Stream>
Awaitable<void> Session<Stream>::Run() {
  error_code failed;
  socket().set_option(tcp::no_delay(true), failed);
  socket().non_blocking(true, failed);
  if constexpr (kTls) {
    Arm(options().request_timeout_ms);
    auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
    if (ec) co_return;
    Disarm();
    client_certificate_ = PeerFingerprint(stream_);
  }
  for (bool open = true; open;) {
    const ParseStatus status = Parse();
    if (status == ParseStatus::kComplete) {
      Dispatch();
      if (deferred_) co_await AwaitAnswer();
      const bool keep_alive = request_.keep_alive;
      EndRequest();
      const bool full = gathered_ >= options().pipeline_max || out_.size() >= kOutBytesMax;
      if (keep_alive && !full) continue;
      open = co_await Flush();
      open = open && keep_alive;
      continue;
    }
    if (!out_.empty() && !TryWrite()) {
      open = co_await Flush();
      if (!open) break;
    }
    if (status == ParseStatus::kRefused) break;
    if (draining() && !InRequest()) {
      open = TryRead();
      continue;
    }
    PrepareRead();
    if (in_.room() == 0) {
      (void)RefuseRequest(Errc::kHeaderTooLarge, "a chunk's extensions are too long");
    }
    if (!out_.empty()) {
      open = co_await Flush();
      if (!open || unread_) break;
    }
    reading_request_ = InRequest();
    auto [ec, bytes] =
        co_await stream_.async_read_some(asio::buffer(in_.room_data(), in_.room()), kAwait);
    reading_request_ = false;
    if (slow_) {
      (void)RefuseRequest(Errc::kRequestTimeout, "a request must be here within " +
                                                     std::to_string(options().request_timeout_ms) +
                                                     " ms of its first byte");
      co_await Flush();
      break;
    }
    open = OnRead(ec, bytes);
  }
  co_await Close();
}

template <typename Stream>
void Spawn(IoThread& io, std::shared_ptr<Session<Stream>> session) {
  // Named before co_spawn, which moves it: GCC bug 107288.
  auto ended = [session](const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      LogError("http session ended by an exception", {{"what", exception.what()}});
    } catch (...) {
      LogError("http session ended by an exception");
    }
  };
  asio::co_spawn(io.context, session->Run(), std::move(ended));
}

}  // namespace

PeerKey PeerKeyOf(const asio::ip::address& address) {
  if (address.is_v4()) return {false, address.to_v4().to_uint()};
  const auto v6 = address.to_v6();
  const auto bytes = v6.to_bytes();
  const bool mapped = v6.is_v4_mapped();  // an IPv4 peer of a dual-stack socket
  std::uint64_t key = 0;
  for (std::size_t i = mapped ? 12 : 0; i < (mapped ? 16U : 8U); ++i) key = key << 8 | bytes[i];
  return {!mapped, key};
}

std::string SourceOf(PeerKey peer) {
  const auto [is_v6, key] = peer;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(key >> (56 - 8 * i));
  if (is_v6) return SourceAddress(bytes);
  return SourceAddress(std::array<std::uint8_t, 4>{bytes[4], bytes[5], bytes[6], bytes[7]});
}

Admission ServerShared::AddConnection(PeerKey peer) {
  const std::size_t per_address_max = options.connections_per_address_max;
  std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  const std::size_t of_peer = found == by_peer_.end() ? 0 : found->second;
  if (connections_ >= options.connections_max + kRefusalsMax) return Admission::kClose;
  if (per_address_max != 0 && of_peer >= per_address_max + kRefusalsPerAddressMax) {
    return Admission::kClose;
  }
  const bool full = connections_ >= options.connections_max ||
                    (per_address_max != 0 && of_peer >= per_address_max);
  by_peer_[peer] = of_peer + 1;
  ++connections_;
  return full ? Admission::kRefuse : Admission::kServe;
}

void ServerShared::RemoveConnection(PeerKey peer) {
  std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  if (--found->second == 0) by_peer_.erase(found);
  if (--connections_ == 0) none_.notify_all();
}

std::size_t ServerShared::Connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

bool ServerShared::WaitNoConnections(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, wait, [this] { return connections_ == 0; });
}

SessionBase::SessionBase(IoThread& io, std::shared_ptr<ServerShared> shared, ConnectionPlace place)
    : io_(io), shared_(std::move(shared)), place_(std::move(place)) {
  io_.sessions.insert(this);
}

SessionBase::~SessionBase() { io_.sessions.erase(this); }

void SessionBase::CheckDeadline() {
  if (deadline_tick_ != 0 && io_.tick >= deadline_tick_) {
    deadline_tick_ = 0;
    OnDeadline();
  }
}

void StartSession(IoThread& io, const std::shared_ptr<ServerShared>& shared, Socket socket,
                  const std::shared_ptr<asio::ssl::context>& tls, bool refuse,
                  ConnectionPlace place) {
  // Part of a thread's entry: making a TLS stream throws where memory is short.
  try {
    if (tls) {
      TlsStream stream(std::move(socket), *tls);
      Spawn(io, std::make_shared<Session<TlsStream>>(io, shared, std::move(stream), tls, refuse,
                                                     std::move(place)));
    } else {
      Spawn(io, std::make_shared<Session<Socket>>(io, shared, std::move(socket), nullptr, refuse,
                                                  std::move(place)));
    }
  } catch (const std::exception& exception) {
    LogError("a connection could not be served", {{"what", exception.what()}});
  }
}

}  // namespace idnode::frontend::http
