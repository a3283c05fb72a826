#include "node/app/application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/log.h"
#include "tests/node/app/temporary_directory.h"

namespace idnode::app {
namespace {

using ::testing::HasSubstr;

/// Connects to a loopback port, sends `request` and returns all that comes until the peer closes.
/// Empty where nobody listens.
std::string Exchange(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(size));
    }
  }
  ::close(fd);
  return answer;
}

std::string Get(std::uint16_t port, const std::string& path) {
  return Exchange(port, "GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
}

class ApplicationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(LogLevel::kOff, LogFormat::kLogfmt);
    ConfigSources sources;
    sources.dev = true;
    sources.data_dir = directory_.Path("data");
    sources.environment = {{"IDNODE_STORAGE_ENGINE", "memory"}, {"IDNODE_STORAGE_SHARDS", "2"},
                           {"IDNODE_HTTP_PORT", "0"},           {"IDNODE_GRPC_PORT", "0"},
                           {"IDNODE_ADMIN_PORT", "0"},          {"IDNODE_HTTP_IO_THREADS", "1"}};
    auto loaded = LoadConfig(sources);
    ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].Text();
    config_ = loaded.config;
  }

  std::unique_ptr<Application> Open() {
    auto application = Application::Open(config_, clock_);
    EXPECT_TRUE(application.ok()) << application.error().detail;
    return application.ok() ? *std::move(application) : nullptr;
  }

  std::string PortsPath() const { return directory_.Path("data/ports.json"); }

  TemporaryDirectory directory_;
  SystemClock clock_;
  Config config_;
};

TEST_F(ApplicationTest, IsReadyOnceStartedAndTellsItsPorts) {
  auto application = Open();
  ASSERT_NE(application, nullptr);
  EXPECT_FALSE(application->core().Ready());
  EXPECT_FALSE(std::filesystem::exists(PortsPath()));
  const auto started = application->Start();
  ASSERT_TRUE(started.ok()) << started.error().detail;
  EXPECT_TRUE(application->core().Ready());
  EXPECT_TRUE(application->core().Registering().ok());

  const Ports& ports = application->ports();
  EXPECT_NE(ports.http, 0);
  EXPECT_NE(ports.grpc, 0);
  EXPECT_NE(ports.admin, 0);
  EXPECT_EQ(ReadFile(PortsPath()), "{\"http\":" + std::to_string(ports.http) +
                                       ",\"grpc\":" + std::to_string(ports.grpc) +
                                       ",\"admin\":" + std::to_string(ports.admin) + "}\n");
  EXPECT_THAT(Get(ports.admin, "/ready"), HasSubstr("200 OK"));
  EXPECT_THAT(Get(ports.http, "/v1/volume"), HasSubstr("\"firstEver\":\"0\""));
}

TEST_F(ApplicationTest, StopRemovesPortsAndClosesEveryFace) {
  auto application = Open();
  ASSERT_NE(application, nullptr);
  ASSERT_TRUE(application->Start().ok());
  const Ports ports = application->ports();
  application->Stop();
  EXPECT_FALSE(application->core().Ready());
  EXPECT_EQ(application->core().Registering().code(), Errc::kShuttingDown);
  EXPECT_FALSE(std::filesystem::exists(PortsPath()));
  EXPECT_EQ(Get(ports.http, "/v1/volume"), "");
  EXPECT_EQ(Get(ports.admin, "/live"), "");
  application->Stop();
}

TEST_F(ApplicationTest, ServesMetricsOfTheNode) {
  auto application = Open();
  ASSERT_NE(application, nullptr);
  ASSERT_TRUE(application->Start().ok());
  const std::string metrics = Get(application->ports().admin, "/metrics");
  for (const char* line : {"idnode_ready 1", "idnode_registering 1", "\nidnode_queue_items ",
                           "idnode_build_info{", "idnode_resident_bytes ", "idnode_uptime_seconds ",
                           "idnode_store_bytes ", "idnode_store_free_bytes "}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
  EXPECT_GT(ResidentBytes(), 1'000'000u);
}

TEST_F(ApplicationTest, SecondNodeOnTheDirectoryIsRefused) {
  auto first = Open();
  ASSERT_NE(first, nullptr);
  ASSERT_TRUE(first->Start().ok());
  const auto second = Application::Open(config_, clock_);
  ASSERT_EQ(second.code(), Errc::kDataDirectoryInUse);
  EXPECT_THAT(second.error().detail, HasSubstr(directory_.Path("data")));
  // The refused one left the first one's files alone.
  EXPECT_TRUE(std::filesystem::exists(PortsPath()));
}

TEST_F(ApplicationTest, PortInUseStopsTheStartAndLeavesNothingListening) {
  auto first = Open();
  ASSERT_NE(first, nullptr);
  ASSERT_TRUE(first->Start().ok());
  config_.node.data_dir = directory_.Path("other");
  config_.http.port = first->ports().http;
  auto second = Open();
  ASSERT_NE(second, nullptr);
  const auto started = second->Start();
  ASSERT_EQ(started.code(), Errc::kUnavailable);
  EXPECT_THAT(started.error().detail, HasSubstr("starting the http face"));
  EXPECT_THAT(started.error().detail, HasSubstr(std::to_string(config_.http.port)));
  EXPECT_FALSE(second->core().Ready());
  EXPECT_FALSE(std::filesystem::exists(directory_.Path("other/ports.json")));
}

TEST_F(ApplicationTest, OperatorTokenIsMadeOnceAndForTheOwnerAlone) {
  std::string token;
  for (int start = 0; start < 2; ++start) {
    auto application = Open();
    ASSERT_NE(application, nullptr);
    const std::string path = directory_.Path("data/operator.token");
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    if (start == 0) token = ReadFile(path);
    EXPECT_EQ(ReadFile(path), token);
    EXPECT_GE(token.size(), 32u);
  }
}

TEST_F(ApplicationTest, OperatorTokenOfDoubtfulOriginIsRefused) {
  { ASSERT_NE(Open(), nullptr); }
  const std::string path = directory_.Path("data/operator.token");
  std::filesystem::permissions(path, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  const auto open_to_others = Application::Open(config_, clock_);
  ASSERT_EQ(open_to_others.code(), Errc::kInvalidRequest);
  EXPECT_THAT(open_to_others.error().detail, HasSubstr("chmod 600"));

  // A link is not followed, a pipe not waited for.
  std::filesystem::remove(path);
  std::filesystem::create_symlink(directory_.Path("elsewhere"), path);
  EXPECT_EQ(Application::Open(config_, clock_).code(), Errc::kUnavailable);
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(Application::Open(config_, clock_).code(), Errc::kInvalidRequest);
  std::filesystem::remove(path);

  // What a crash left half made is not used, and a link in its place not followed.
  std::filesystem::create_symlink(directory_.Path("elsewhere"), path + ".new");
  ASSERT_NE(Open(), nullptr);
  EXPECT_FALSE(std::filesystem::exists(directory_.Path("elsewhere")));
  EXPECT_FALSE(std::filesystem::is_symlink(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  if (::geteuid() != 0) return;  // only root can give a file away
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  const auto of_another = Application::Open(config_, clock_);
  ASSERT_EQ(of_another.code(), Errc::kInvalidRequest);
  EXPECT_THAT(of_another.error().detail, HasSubstr("belongs to user 12345"));
}

TEST_F(ApplicationTest, CertificatesThatAreMissingAreAFaultOfTheFace) {
  config_.http.tls_certificate = directory_.Path("missing.pem");
  config_.http.tls_key = directory_.Path("missing.key");
  auto application = Open();
  ASSERT_NE(application, nullptr);
  EXPECT_EQ(application->Start().code(), Errc::kInvalidRequest);
}

TEST_F(ApplicationTest, ReloadWithoutCertificatesIsFine) {
  auto application = Open();
  ASSERT_NE(application, nullptr);
  ASSERT_TRUE(application->Start().ok());
  EXPECT_TRUE(application->ReloadTls());
}

TEST_F(ApplicationTest, ClockFarFromTheStoresTimeStopsRegistrationOnly) {
  config_.storage.engine = "rocksdb";
  constexpr std::int64_t kNowMs = 1'795'500'000'000;
  constexpr std::int64_t kYearMs = 365LL * 24 * 3600 * 1000;
  FakeClock clock(kNowMs);
  { ASSERT_TRUE(Application::Open(config_, clock).ok()); }
  FakeClock later(kNowMs + kYearMs);
  auto application = Application::Open(config_, later);
  ASSERT_TRUE(application.ok()) << application.error().detail;
  EXPECT_EQ((*application)->core().Registering().code(), Errc::kClockUntrusted);
}

TEST_F(ApplicationTest, AnotherTimeZoneThanTheStoresIsRefused) {
  config_.storage.engine = "rocksdb";
  { ASSERT_NE(Open(), nullptr); }
  config_.node.time_zone = "UTC";
  const auto other = Application::Open(config_, clock_);
  ASSERT_EQ(other.code(), Errc::kInvalidRequest);
  EXPECT_THAT(other.error().detail, HasSubstr("set [node] time_zone = \"Asia/Shanghai\""));
}

}  // namespace
}  // namespace idnode::app
