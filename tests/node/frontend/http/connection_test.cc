// The server under its sessions: keep-alive, pipelining, limits at their bounds, timeouts, drain.
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "node/frontend/beast_util/input_buffer.h"
#include "node/frontend/beast_util/server.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

// Echoes the target and the size of the body; "/later" is answered when the test says so.
class EchoHandler : public Handler {
 public:
  void Handle(Exchange& exchange) override {
    const Request& request = exchange.request();
    if (request.target == "/throw") throw std::runtime_error("a secret");
    if (request.target == "/forget") return (void)exchange.Defer();
    if (request.target == "/block") released_.get_future().wait();
    if (request.target.starts_with("/later")) {
      std::lock_guard lock(mutex_);
      waiting_.emplace_back(exchange.Defer(), Text(request));
      arrived_.notify_all();
      return;
    }
    exchange.out().append(Text(request));
  }
  void OnRefused(Errc code) override {
    std::lock_guard lock(mutex_);
    refused_.push_back(code);
  }

  void Release() { released_.set_value(); }
  void AwaitWaiting(std::size_t requests) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(20),
                                  [&] { return waiting_.size() >= requests; }));
  }
  void AnswerWaiting() {
    std::lock_guard lock(mutex_);
    for (auto& [completion, answer] : waiting_) completion->Finish(answer);
    waiting_.clear();
  }
  std::vector<Errc> refused() {
    std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  static std::string Text(const Request& request) {
    Response response;
    response.body = std::string(request.target) + " " + std::to_string(request.body.size());
    std::string text;
    AppendResponse(request, response, text);
    return text;
  }

  std::promise<void> released_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::pair<std::shared_ptr<Completion>, std::string>> waiting_;
  std::vector<Errc> refused_;
};

class ConnectionTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.io_threads = 2;
    server_ = std::make_unique<Server>(options, handler_, clock_, metrics_);
    const auto started = server_->Start();
    ASSERT_TRUE(started.ok()) << started.error().detail;
  }
  void TearDown() override {
    handler_.AnswerWaiting();
    if (server_) server_->Stop();
  }
  std::uint16_t port() const { return server_->Port(); }
  Answer Ask(Client& client, const std::string& text) {
    EXPECT_TRUE(client.Send(text));
    const auto answer = client.Read();
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(Answer());
  }

  // A connection beyond a bound is told so and closed.
  void ExpectRefused() {
    Client refused(port());
    const Answer answer = Ask(refused, RequestText("GET", "/refused"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("overloaded"), std::string::npos);
    EXPECT_TRUE(refused.Closed());
  }

  // Ends `client`. The place is free once the server has seen the end of the connection.
  void ExpectPlaceAfter(Client& client) {
    EXPECT_EQ(Ask(client, RequestText("GET", "/last", "Connection: close\r\n")).status, 200);
    EXPECT_TRUE(client.Closed());
    int status = 503;
    for (int tries = 0; tries < 1'000 && status == 503; ++tries) {
      Client next(port());
      status = Ask(next, RequestText("GET", "/next")).status;
    }
    EXPECT_EQ(status, 200);
  }

  EchoHandler handler_;
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(ConnectionTest, KeepsAliveUntilAskedToClose) {
  Start();
  Client client(port());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = Ask(client, RequestText("GET", "/a"));
    EXPECT_EQ(answer.body, "/a 0");
    EXPECT_EQ(answer.Get("connection"), "");
  }
  EXPECT_EQ(Ask(client, RequestText("GET", "/b", "Connection: close\r\n")).Get("connection"),
            "close");
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionTest, Http10ClosesUnlessAskedToKeep) {
  Start();
  Client client(port());
  EXPECT_EQ(Ask(client, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Get("connection"),
            "keep-alive");
  EXPECT_EQ(Ask(client, "GET /a HTTP/1.0\r\n\r\n").Get("connection"), "close");
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionTest, AnswersAHundredPipelinedRequestsInOrder) {
  Start();
  Client client(port());
  std::string text;
  for (int i = 0; i < 100; ++i) {
    const std::string target = "/" + std::to_string(i);
    text += i % 3 == 0
                ? RequestText("POST", target, "", std::string(static_cast<std::size_t>(i), 'x'))
                : RequestText("GET", target);
  }
  ASSERT_TRUE(client.Send(text));
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.Read();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, "/" + std::to_string(i) + " " + std::to_string(i % 3 == 0 ? i : 0));
  }
}

TEST_F(ConnectionTest, PipelineKeepsItsOrderAroundDeferredAnswers) {
  ServerOptions options;
  options.pipeline_max = 2;
  Start(options);
  Client client(port());
  std::string text;
  for (const char* target : {"/1", "/2", "/3", "/later", "/4", "/5", "/6", "/7"})
    text += RequestText("GET", target);
  ASSERT_TRUE(client.Send(text));
  // What came before the deferred one is answered without waiting for it.
  for (const char* target : {"/1 0", "/2 0", "/3 0"}) EXPECT_EQ(client.Read()->body, target);
  handler_.AwaitWaiting(1);
  handler_.AnswerWaiting();
  for (const char* target : {"/later 0", "/4 0", "/5 0", "/6 0", "/7 0"})
    EXPECT_EQ(client.Read()->body, target);
}

TEST_F(ConnectionTest, PipelineAtItsBoundIsWrittenBeforeMoreIsDone) {
  ServerOptions options;
  options.pipeline_max = 2;
  Start(options);
  Client client(port());
  ASSERT_TRUE(client.Send(RequestText("GET", "/1") + RequestText("GET", "/2") +
                          RequestText("GET", "/block")));
  // The third occupies the thread: the first two must be on their way already.
  const auto first = client.Read();
  const auto second = client.Read();
  handler_.Release();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->body, "/1 0");
  EXPECT_EQ(second->body, "/2 0");
  EXPECT_EQ(client.Read()->body, "/block 0");
}

TEST_F(ConnectionTest, RequestsMayComeByteByByte) {
  Start();
  Client client(port());
  const std::string text =
      RequestText("POST", "/slow", "X-Other: 1\r\n", "hello") + RequestText("GET", "/next");
  for (const char c : text) ASSERT_TRUE(client.Send(std::string_view(&c, 1)));
  EXPECT_EQ(client.Read()->body, "/slow 5");
  EXPECT_EQ(client.Read()->body, "/next 0");
}

TEST_F(ConnectionTest, ChunkedBodies) {
  Start();
  Client client(port());
  EXPECT_EQ(Ask(client,
                "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: 1\r\n\r\n")
                .body,
            "/c 11");
  std::string big = "POST /big HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50; ++i) big += "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  EXPECT_EQ(Ask(client, big + "0\r\n\r\n").body, "/big 204800");
  EXPECT_EQ(Ask(client, RequestText("GET", "/after")).body, "/after 0");
}

TEST_F(ConnectionTest, SaysContinueToThoseWhoWait) {
  Start();
  Client client(port());
  ASSERT_TRUE(client.Send(
      "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.Read()->status, 100);
  EXPECT_EQ(Ask(client, "hello").body, "/c 5");
}

TEST_F(ConnectionTest, HeaderSectionAtItsBound) {
  ServerOptions options;
  options.header_bytes_max = 1024;
  Start(options);
  const auto request = [](std::size_t bytes) {
    std::string text = "GET /h HTTP/1.1\r\nHost: x\r\nX-Fill: ";
    return text + std::string(bytes - text.size() - 4, 'a') + "\r\n\r\n";
  };
  Client client(port());
  EXPECT_EQ(Ask(client, request(1024)).body, "/h 0");
  EXPECT_EQ(Ask(client, request(1024) + RequestText("GET", "/h")).status, 200);
  EXPECT_EQ(client.Read()->status, 200);
  const Answer refused = Ask(client, request(1025));
  EXPECT_EQ(refused.status, 431);
  EXPECT_EQ(refused.Get("connection"), "close");
  EXPECT_NE(refused.body.find("header-too-large"), std::string::npos);
  EXPECT_TRUE(client.Closed());
  // Cut anywhere, the bound is the same.
  for (const std::size_t cut : {10U, 20U, 1000U, 1024U}) {
    Client split(port());
    ASSERT_TRUE(split.Send(request(1024).substr(0, cut)));
    ASSERT_TRUE(split.Send(request(1024).substr(cut)));
    EXPECT_EQ(split.Read()->status, 200) << cut;
    ASSERT_TRUE(split.Send(request(1025).substr(0, cut)));
    ASSERT_TRUE(split.Send(request(1025).substr(cut)));
    EXPECT_EQ(split.Read()->status, 431) << cut;
  }
  Client endless(port());
  ASSERT_TRUE(endless.Send("GET /" + std::string(1100, 'a')));
  EXPECT_EQ(endless.Read()->status, 431);
  EXPECT_EQ(handler_.refused().size(), 6U);
}

TEST_F(ConnectionTest, BodyAtItsBound) {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  Start(options);
  Client client(port());
  EXPECT_EQ(Ask(client, RequestText("POST", "/b", "", std::string(100'000, 'x'))).body,
            "/b 100000");
  const Answer refused = Ask(client, RequestText("POST", "/b", "", std::string(100'001, 'x')));
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("payload-too-large"), std::string::npos);
  EXPECT_TRUE(client.Closed());

  const auto chunked = [](std::size_t bytes) {
    std::string text = "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (; bytes > 0;) {
      const std::size_t size = std::min<std::size_t>(bytes, 0x8000);
      char hex[16];
      std::snprintf(hex, sizeof(hex), "%zx\r\n", size);
      text += hex + std::string(size, 'x') + "\r\n";
      bytes -= size;
    }
    return text + "0\r\n\r\n";
  };
  Client second(port());
  EXPECT_EQ(Ask(second, chunked(100'000)).body, "/b 100000");
  EXPECT_EQ(Ask(second, chunked(100'001)).status, 413);
  // Refused before it is sent: those who wait for 100 do not get it.
  Client waits(port());
  EXPECT_EQ(
      Ask(waits,
          "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n")
          .status,
      413);
}

TEST_F(ConnectionTest, AllBodiesTogetherAtTheirBound) {
  ServerOptions options;
  options.bodies_bytes_max = 1'000;
  Start(options);
  Client holder(port());
  ASSERT_TRUE(holder.Send(RequestText("POST", "/later", "", std::string(600, 'x'))));
  handler_.AwaitWaiting(1);
  Client fits(port());
  EXPECT_EQ(Ask(fits, RequestText("POST", "/b", "", std::string(400, 'x'))).body, "/b 400");
  const Answer refused = Ask(fits, RequestText("POST", "/b", "", std::string(401, 'x')));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Get("retry-after"), "1");
  handler_.AnswerWaiting();
  EXPECT_EQ(holder.Read()->status, 200);
  // Given back with the answer.
  EXPECT_EQ(Ask(holder, RequestText("POST", "/b", "", std::string(1'000, 'x'))).body, "/b 1000");
}

TEST_F(ConnectionTest, ConnectionsAtTheirBound) {
  ServerOptions options;
  options.connections_max = 2;
  Start(options);
  Client first(port());
  Client second(port());
  EXPECT_EQ(Ask(first, RequestText("GET", "/1")).status, 200);
  EXPECT_EQ(Ask(second, RequestText("GET", "/2")).status, 200);
  ExpectRefused();
  ExpectPlaceAfter(first);
}

TEST_F(ConnectionTest, ConnectionsOfOneAddressAtTheirBound) {
  ServerOptions options;
  options.connections_per_address_max = 2;
  Start(options);
  Client first(port());
  Client second(port());
  EXPECT_EQ(Ask(first, RequestText("GET", "/1")).status, 200);
  EXPECT_EQ(Ask(second, RequestText("GET", "/2")).status, 200);
  ExpectRefused();
  // Others are not the worse for it.
  Client other(port(), "127.0.0.2");
  EXPECT_EQ(Ask(other, RequestText("GET", "/4")).status, 200);
  ExpectPlaceAfter(first);
}

TEST_F(ConnectionTest, NoBoundForAnAddressWhereItIsNought) {
  ServerOptions options;
  options.connections_per_address_max = 0;
  options.connections_max = 300;
  Start(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    ASSERT_EQ(Ask(*clients.back(), RequestText("GET", "/a")).status, 200) << i;
  }
}

// The buffers for bodies that have not come whole are part of the budget of bodies.
TEST_F(ConnectionTest, BuffersOfUnfinishedBodiesAreCharged) {
  ServerOptions options;
  const InputBuffer buffer(options.header_bytes_max, 64 * 1024);
  options.bodies_bytes_max = buffer.large_bytes() + 2'000;
  Start(options);
  Client holder(port());
  ASSERT_TRUE(holder.Send(
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(holder.Read()->status, 100);  // it has its buffer now
  const std::string body(3'000, 'x');
  Client other(port());
  EXPECT_EQ(Ask(other, RequestText("POST", "/b", "", body)).status, 503);
  EXPECT_EQ(Ask(holder, "hello").body, "/p 5");
  Client again(port());
  EXPECT_EQ(Ask(again, RequestText("POST", "/b", "", body)).body, "/b 3000");
}

TEST_F(ConnectionTest, WithoutRoomForTheBufferABodyComesInSmallPieces) {
  ServerOptions options;
  options.bodies_bytes_max = 50'000;  // less than one large buffer
  Start(options);
  Client client(port());
  EXPECT_EQ(Ask(client, RequestText("POST", "/b", "", std::string(50'000, 'x'))).body, "/b 50000");
  EXPECT_EQ(Ask(client, RequestText("POST", "/b", "", std::string(50'001, 'x'))).status, 503);
}

TEST_F(ConnectionTest, AnswersCarryNoCorsUnlessTheHandlerSaysSo) {
  Start();
  Client client(port());
  EXPECT_EQ(Ask(client, RequestText("GET", "/a")).Get("access-control-allow-origin"), "");
}

TEST_F(ConnectionTest, WhatIsNoRequestIsRefused) {
  Start();
  const std::string host = "Host: x\r\n";
  for (const std::string& text : std::vector<std::string>{
           "nonsense\r\n\r\n",
           "GET /a HTTP/2.0\r\n" + host + "\r\n",
           "GET /a HTTP/1.1\r\n\r\n",  // no Host
           "GET /a HTTP/1.1\r\n" + host + host + "\r\n",
           "GET /a HTTP/1.1\r\n" + host + "Authorization: a\r\nAuthorization: b\r\n\r\n",
           "GET /a HTTP/1.1\r\n" + host + "Accept: a,\r\n b\r\n\r\n",  // folded
           "GET /a HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host +
               "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n",
           "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       }) {
    Client client(port());
    const Answer answer = Ask(client, text);
    EXPECT_EQ(answer.status, 400) << text;
    EXPECT_EQ(answer.Get("connection"), "close") << text;
    EXPECT_NE(answer.body.find("invalid-request"), std::string::npos) << text;
    EXPECT_TRUE(client.Closed()) << text;
  }
}

TEST_F(ConnectionTest, AnEndlessChunkExtensionIsRefused) {
  Start();
  Client client(port());
  ASSERT_TRUE(client.Send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;"));
  for (int i = 0; i < 30; ++i) {
    if (!client.Send(std::string(4096, 'a'))) break;
  }
  const auto answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 431);
}

TEST_F(ConnectionTest, EmptyLinesBeforeARequestArePassedOver) {
  Start();
  Client client(port());
  EXPECT_EQ(Ask(client, "\r\n\r\n" + RequestText("GET", "/a") + "\r\n").body, "/a 0");
  EXPECT_EQ(Ask(client, RequestText("GET", "/b")).body, "/b 0");
  std::string lines;
  for (int i = 0; i < 8; ++i) lines += "\r\n";
  EXPECT_EQ(Ask(client, lines + RequestText("GET", "/c")).body, "/c 0");
  EXPECT_EQ(Ask(client, lines + "\n" + RequestText("GET", "/d")).status, 400);
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionTest, EmptyLinesDoNotProlongTheWaitForARequest) {
  ServerOptions options;
  options.idle_timeout_ms = 100;
  Start(options);
  Client client(port());
  auto closed = std::async(std::launch::async, [&] { return client.Closed(); });
  // Eight lines are allowed; each comes well before the time is over, the last well after.
  for (int i = 0; i < 8; ++i) {
    if (closed.wait_for(std::chrono::milliseconds(40)) == std::future_status::ready) break;
    if (!client.Send("\r\n")) break;
  }
  EXPECT_EQ(closed.wait_for(std::chrono::milliseconds(0)), std::future_status::ready);
  EXPECT_TRUE(closed.get());
}

TEST_F(ConnectionTest, ExceptionsAndForgottenAnswersAreInternalErrors) {
  Start();
  Client client(port());
  for (const char* target : {"/throw", "/forget"}) {
    const Answer answer = Ask(client, RequestText("GET", target));
    EXPECT_EQ(answer.status, 500) << target;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
  EXPECT_EQ(Ask(client, RequestText("GET", "/a")).status, 200);
}

TEST_F(ConnectionTest, ClosesIdleConnections) {
  ServerOptions options;
  options.idle_timeout_ms = 50;
  Start(options);
  Client fresh(port());
  EXPECT_TRUE(fresh.Closed());
  Client used(port());
  EXPECT_EQ(Ask(used, RequestText("GET", "/a")).status, 200);
  EXPECT_TRUE(used.Closed());
}

TEST_F(ConnectionTest, ClosesConnectionsThatSendTooSlowly) {
  ServerOptions options;
  options.request_timeout_ms = 100;
  Start(options);
  // Bytes that keep coming do not prolong a request: header, body and chunks alike.
  for (const char* start : {"GET /a HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                            "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"}) {
    Client client(port());
    ASSERT_TRUE(client.Send(start));
    auto answered = std::async(std::launch::async, [&] { return client.Read(); });
    while (answered.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
      if (!client.Send("a")) break;
    }
    const auto answer = answered.get();
    ASSERT_TRUE(answer) << start;
    EXPECT_EQ(answer->status, 408) << start;
    EXPECT_EQ(answer->Get("connection"), "close");
    EXPECT_NE(answer->body.find("request-timeout"), std::string::npos);
    client.ShutdownSend();
    EXPECT_TRUE(client.Closed()) << start;
  }
  EXPECT_EQ(handler_.refused(), std::vector<Errc>(2, Errc::kRequestTimeout));
}

TEST_F(ConnectionTest, AClientThatDoesNotReadIsClosed) {
  ServerOptions options;
  options.request_timeout_ms = 100;
  Start(options);
  Client client(port());
  // Answers that no one reads fill the socket; then the server stops reading, and then it closes.
  const std::string batch = [] {
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += RequestText("GET", "/" + std::string(500, 'a'));
    return text;
  }();
  bool open = true;
  for (int i = 0; i < 1'000 && open; ++i) open = client.Send(batch);
  EXPECT_FALSE(open);
}

TEST_F(ConnectionTest, AnswersAfterTheClientSentItsEnd) {
  Start();
  Client client(port());
  ASSERT_TRUE(client.Send(RequestText("GET", "/a") + RequestText("GET", "/later")));
  client.ShutdownSend();
  EXPECT_EQ(client.Read()->body, "/a 0");
  handler_.AwaitWaiting(1);
  handler_.AnswerWaiting();
  EXPECT_EQ(client.Read()->body, "/later 0");
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionTest, DrainFinishesWhatIsUnderWay) {
  Start();
  Client idle(port());
  EXPECT_EQ(Ask(idle, RequestText("GET", "/a")).status, 200);
  Client busy(port());
  ASSERT_TRUE(busy.Send(RequestText("GET", "/later") + RequestText("GET", "/pipelined")));
  Client partial(port());
  ASSERT_TRUE(partial.Send(
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(partial.Read()->status, 100);  // its request has begun
  handler_.AwaitWaiting(1);
  auto drained = std::async(std::launch::async,
                            [&] { server_->Drain(clock_.After(std::chrono::seconds(20))); });
  EXPECT_TRUE(idle.Closed());
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  const Answer finished = Ask(partial, "hello");
  EXPECT_EQ(finished.body, "/p 5");
  EXPECT_EQ(finished.Get("connection"), "close");
  EXPECT_TRUE(partial.Closed());
  handler_.AnswerWaiting();
  EXPECT_EQ(busy.Read()->body, "/later 0");
  const auto last = busy.Read();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->body, "/pipelined 0");
  EXPECT_EQ(last->Get("connection"), "close");
  EXPECT_TRUE(busy.Closed());
  drained.get();
  Client late(port());
  EXPECT_FALSE(late.Send(RequestText("GET", "/a")) && late.Read().has_value());
}

TEST_F(ConnectionTest, DrainGivesUpAtItsDeadlineAndStopAborts) {
  Start();
  Client partial(port());
  ASSERT_TRUE(partial.Send(
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(partial.Read()->status, 100);
  server_->Drain(clock_.After(std::chrono::milliseconds(20)));
  server_->Stop();
  EXPECT_TRUE(partial.Closed());
  server_->Stop();  // again: nothing to do
}

TEST_F(ConnectionTest, StopWaitsForAnswersUnderWay) {
  Start();
  Client client(port());
  ASSERT_TRUE(client.Send(RequestText("GET", "/later")));
  handler_.AwaitWaiting(1);
  auto stopped = std::async(std::launch::async, [&] { server_->Stop(); });
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  handler_.AnswerWaiting();
  stopped.get();
}

}  // namespace
}  // namespace idnode::frontend::http::testing
