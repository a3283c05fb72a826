// Where a server listens, and whom it lets in.
#include <cerrno>

#include <gtest/gtest.h>

#include "node/frontend/beast_util/accept_backoff.h"
#include "node/frontend/beast_util/server.h"
#include "node/frontend/beast_util/session.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

class EmptyHandler : public Handler {
 public:
  void Handle(Exchange& exchange) override {
    AppendResponse(exchange.request(), Response(), exchange.out());
  }
};

class ListenerTest : public ::testing::Test {
 protected:
  EmptyHandler handler_;
  SystemClock clock_;
  Metrics metrics_;
};

TEST(PeerKeyTest, CountsAHostAsOne) {
  const auto key = [](const char* text) { return PeerKeyOf(asio::ip::make_address(text)); };
  EXPECT_EQ(key("192.0.2.7"), key("::ffff:192.0.2.7"));
  EXPECT_NE(key("192.0.2.7"), key("192.0.2.8"));
  EXPECT_EQ(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
  EXPECT_NE(key("0.0.0.1"), key("::1:0:0:0:0"));
}

TEST(AcceptBackoffTest, PausesLongerAndLongerWithoutDescriptorsOrMemory) {
  const auto error = [](int number) {
    return error_code(number, boost::system::system_category());
  };
  for (const int number : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    AcceptBackoff backoff;
    EXPECT_EQ(backoff.OnError(error(number)), AcceptBackoff::kPauseMin) << number;
    EXPECT_TRUE(backoff.first());
    EXPECT_EQ(backoff.OnError(error(number)), AcceptBackoff::kPauseMin * 2) << number;
    EXPECT_FALSE(backoff.first());
    for (int i = 0; i < 20; ++i) (void)backoff.OnError(error(number));
    EXPECT_EQ(backoff.OnError(error(number)), AcceptBackoff::kPauseMax) << number;
    backoff.OnAccepted();
    EXPECT_EQ(backoff.OnError(error(number)), AcceptBackoff::kPauseMin) << number;
  }
  AcceptBackoff backoff;
  EXPECT_EQ(backoff.OnError(error(ECONNABORTED)).count(), 0);
}

TEST_F(ListenerTest, APortInUseIsRefused) {
  Server first(ServerOptions(), handler_, clock_, metrics_);
  ASSERT_TRUE(first.Start().ok());
  ServerOptions options;
  options.listen.port = first.Port();
  Server second(options, handler_, clock_, metrics_);
  const auto started = second.Start();
  ASSERT_EQ(started.code(), Errc::kUnavailable);
  EXPECT_NE(started.error().detail.find("[http] port"), std::string::npos);
}

TEST_F(ListenerTest, PlainTextOnLoopbackOnly) {
  ServerOptions options;
  options.listen.address = "0.0.0.0";
  Server refused(options, handler_, clock_, metrics_);
  const auto started = refused.Start();
  ASSERT_EQ(started.code(), Errc::kInvalidRequest);
  for (const char* key : {"[http] address", "tls_certificate", "tls_key", "allow_plaintext"}) {
    EXPECT_NE(started.error().detail.find(key), std::string::npos) << key;
  }
  options.listen.allow_plaintext = true;
  Server open(options, handler_, clock_, metrics_);
  ASSERT_TRUE(open.Start().ok());
  Client client(open.Port());
  ASSERT_TRUE(client.Send(RequestText("GET", "/a")));
  const auto answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  options.listen.address = "localhost.example";
  Server bad(options, handler_, clock_, metrics_);
  EXPECT_NE(bad.Start().error().detail.find("[http] address"), std::string::npos);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
