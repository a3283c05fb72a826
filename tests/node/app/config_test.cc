#include "node/app/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/app/config_keys.h"

namespace idnode::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kGood = R"([node]
data_dir = "/var/lib/idnode"
secondary_prefixes = ["88.108"]
)";

std::vector<std::string> Texts(const std::vector<ConfigFault>& faults) {
  std::vector<std::string> texts;
  for (const auto& fault : faults) texts.push_back(fault.Text());
  return texts;
}

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "idnode-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  LoadedConfig Load(const std::string& text, Environment environment = {}) {
    ConfigSources sources;
    sources.file = Write("idnode.toml", text);
    sources.environment = std::move(environment);
    return LoadConfig(sources);
  }

  /// The one fault of a good file with `lines` added, which must have exactly one.
  std::string FaultOf(const std::string& lines) {
    const auto loaded = Load(std::string(kGood) + lines);
    EXPECT_THAT(Texts(loaded.faults), SizeIs(1));
    return loaded.faults.empty() ? "" : loaded.faults[0].Text();
  }

  std::filesystem::path directory_;
};

TEST_F(ConfigTest, GoodFileHasNoFaults) {
  const auto loaded = Load(kGood);
  EXPECT_THAT(Texts(loaded.faults), IsEmpty());
  EXPECT_EQ(loaded.config.node.data_dir, "/var/lib/idnode");
  EXPECT_THAT(loaded.config.node.secondary_prefixes, ElementsAre("88.108"));
  EXPECT_EQ(loaded.config.http.port, 8080);
  EXPECT_EQ(loaded.config.grpc.port, 50051);
  EXPECT_EQ(loaded.config.admin.port, 9464);
  EXPECT_EQ(loaded.config.node.target, 15'000'000);
  EXPECT_EQ(loaded.config.node.time_zone, "Asia/Shanghai");
  EXPECT_EQ(loaded.config.shutdown.drain_ms, 15'000);
}

TEST_F(ConfigTest, ReportsAllFaultsTogetherWithKeyLineAndFix) {
  const auto loaded = Load(R"([node]
secondary_prefixes = ["88..108", "88.109", "88.109"]
time_zone = "Mars/Olympus"

[http]
port = 70000
adress = "127.0.0.1"

[log]
level = "loud"
)",
                           {{"IDNODE_GRPC_PORT", "many"}});
  const std::string file = (directory_ / "idnode.toml").string();
  const auto texts = Texts(loaded.faults);
  EXPECT_THAT(texts, SizeIs(8));
  EXPECT_THAT(texts, Contains(file + ":6: http.port: 70000 is more than 65535; "
                                     "give a number from 0 to 65535"));
  EXPECT_THAT(texts,
              Contains(file + ":7: http.adress: there is no such key; did you mean address?"));
  EXPECT_THAT(texts, Contains(file + ":10: log.level: \"loud\" is not known; "
                                     "give one of debug info warning error off"));
  EXPECT_THAT(texts, Contains("IDNODE_GRPC_PORT: grpc.port: \"many\" is not a whole number; "
                              "give a number from 0 to 65535"));
  EXPECT_THAT(texts, Contains("node.data_dir: is not set; set it, or give --data-dir DIR"));
  EXPECT_THAT(texts, Contains(HasSubstr("node.time_zone: \"Mars/Olympus\" is not a time zone")));
  EXPECT_THAT(texts, Contains(HasSubstr("node.secondary_prefixes: \"88..108\"")));
  EXPECT_THAT(texts, Contains(HasSubstr("\"88.109\" is named twice; remove one")));
}

TEST_F(ConfigTest, ReportsTypesThatDoNotFit) {
  EXPECT_THAT(FaultOf("[http]\nport = \"8080\"\n"), HasSubstr("http.port: is not a whole number"));
  EXPECT_THAT(FaultOf("[http]\nport = 80.5\n"), HasSubstr("http.port: is not a whole number"));
  EXPECT_THAT(FaultOf("[http]\naddress = 1\n"), HasSubstr("http.address: is not a string"));
  EXPECT_THAT(FaultOf("[http]\nallow_plaintext = 1\n"),
              HasSubstr("http.allow_plaintext: is not a truth value"));
  EXPECT_THAT(FaultOf("[storage]\nengine = \"postgresql\"\n"),
              HasSubstr("give one of rocksdb memory"));
  EXPECT_THAT(
      Texts(Load("[node]\ndata_dir = \"d\"\nsecondary_prefixes = [\"88.108\", 7]\n").faults),
      Contains(HasSubstr("secondary_prefixes: is not a list of strings")));
}

TEST_F(ConfigTest, ReportsSectionsThatAreNone) {
  EXPECT_THAT(FaultOf("[htp]\nport = 1\n"), HasSubstr("htp: there is no such section; "
                                                      "did you mean http?"));
  EXPECT_THAT(FaultOf("[completely_different]\nx = 1\n"), HasSubstr("remove it"));
  EXPECT_THAT(Texts(Load("http = 3\n" + std::string(kGood)).faults),
              Contains(HasSubstr("http: is not a section; write it as [http]")));
  EXPECT_THAT(Texts(Load("port = 3\n" + std::string(kGood)).faults),
              Contains(HasSubstr("port: stands outside of any section")));
}

TEST_F(ConfigTest, ReportsWhereAFileIsNotToml) {
  const auto loaded = Load("[node]\ndata_dir = \n");
  EXPECT_THAT(Texts(loaded.faults), Contains(HasSubstr("idnode.toml:2:")));
  EXPECT_THAT(Texts(loaded.faults), Contains(HasSubstr("is not TOML")));
}

TEST_F(ConfigTest, ReportsFilesThatCannotBeRead) {
  ConfigSources sources;
  sources.file = directory_ / "missing.toml";
  EXPECT_THAT(Texts(LoadConfig(sources).faults), Contains(HasSubstr("cannot be read")));
  EXPECT_THAT(Texts(Load(std::string((1 << 20) + 1, '#')).faults),
              Contains(HasSubstr("is longer than 1 MiB")));
  EXPECT_THAT(Texts(Load(std::string(1 << 20, '#')).faults),
              ::testing::Not(Contains(HasSubstr("is longer than 1 MiB"))));
}

TEST_F(ConfigTest, EveryNumberIsTakenAtItsBoundsAndRefusedBeyond) {
  Config probe;
  for (const auto& key : ConfigKeys(probe)) {
    if (!std::holds_alternative<std::int64_t*>(key.target)) continue;
    for (const std::int64_t good : {key.at_least, key.at_most}) {
      Config config;
      std::vector<ConfigFault> faults;
      ReadConfigText("[" + std::string(key.section) + "]\n" + std::string(key.name) + " = " +
                         std::to_string(good) + "\n",
                     "t", config, faults);
      EXPECT_THAT(Texts(faults), IsEmpty()) << key.Path();
    }
    Config config;
    std::vector<ConfigFault> faults;
    ReadConfigText("[" + std::string(key.section) + "]\n" + std::string(key.name) + " = " +
                       std::to_string(key.at_least - 1) + "\n",
                   "t", config, faults);
    EXPECT_THAT(Texts(faults), ElementsAre(HasSubstr("is less than"))) << key.Path();
    if (key.at_most == std::numeric_limits<std::int64_t>::max()) continue;
    faults.clear();
    ReadConfigText("[" + std::string(key.section) + "]\n" + std::string(key.name) + " = " +
                       std::to_string(key.at_most + 1) + "\n",
                   "t", config, faults);
    EXPECT_THAT(Texts(faults), ElementsAre(HasSubstr("is more than"))) << key.Path();
  }
}

TEST_F(ConfigTest, DefaultsLieWithinTheirBounds) {
  Config config;
  for (const auto& key : ConfigKeys(config)) {
    if (const auto* number = std::get_if<std::int64_t*>(&key.target)) {
      EXPECT_GE(**number, key.at_least) << key.Path();
      EXPECT_LE(**number, key.at_most) << key.Path();
    }
  }
}

TEST_F(ConfigTest, EnvironmentOverridesEveryKeyOfTheFile) {
  // The variables are made from a printed configuration, so that no key can be left out.
  Config changed;
  Environment environment;
  for (const auto& key : ConfigKeys(changed)) {
    std::string& text = environment[key.Variable()];
    if (std::holds_alternative<std::int64_t*>(key.target)) {
      text = std::to_string(key.at_most - 1);
    } else if (std::holds_alternative<bool*>(key.target)) {
      text = "true";
    } else if (std::holds_alternative<std::vector<std::string>*>(key.target)) {
      text = "88.1,88.2";
    } else {
      text = key.choices.empty() ? "from-environment"
                                 : std::string(key.choices.substr(key.choices.rfind('|') + 1));
    }
  }
  auto loaded = Load(kGood, environment);
  for (const auto& key : ConfigKeys(loaded.config)) {
    const std::string& text = environment[key.Variable()];
    if (const auto* number = std::get_if<std::int64_t*>(&key.target)) {
      EXPECT_EQ(std::to_string(**number), text) << key.Path();
    } else if (const auto* flag = std::get_if<bool*>(&key.target)) {
      EXPECT_TRUE(**flag) << key.Path();
    } else if (const auto* list = std::get_if<std::vector<std::string>*>(&key.target)) {
      EXPECT_THAT(**list, ElementsAre("88.1", "88.2")) << key.Path();
    } else {
      EXPECT_EQ(*std::get<std::string*>(key.target), text) << key.Path();
    }
  }
}

TEST_F(ConfigTest, VariablesThatLookLikeKeysMustBeKeys) {
  EXPECT_THAT(Texts(Load(kGood, {{"IDNODE_HTTP_PROT", "1"}}).faults),
              ElementsAre("IDNODE_HTTP_PROT: there is no such variable; "
                          "did you mean IDNODE_HTTP_PORT?"));
  // Those of the client and of scripts are none of the node's business.
  EXPECT_THAT(Texts(Load(kGood, {{"IDNODE_SERVER", "x"}, {"IDNODE_TOKEN", "y"}}).faults),
              IsEmpty());
}

TEST_F(ConfigTest, VariableForTruthValue) {
  EXPECT_TRUE(Load(kGood, {{"IDNODE_HTTP_ALLOW_PLAINTEXT", "1"}}).config.http.allow_plaintext);
  EXPECT_THAT(Texts(Load(kGood, {{"IDNODE_HTTP_ALLOW_PLAINTEXT", "yes"}}).faults),
              ElementsAre(HasSubstr("\"yes\" is not a truth value; give true or false")));
}

TEST_F(ConfigTest, DataDirFlagIsStrongest) {
  ConfigSources sources;
  sources.file = Write("idnode.toml", kGood);
  sources.environment = {{"IDNODE_NODE_DATA_DIR", "from-variable"}};
  EXPECT_EQ(LoadConfig(sources).config.node.data_dir, "from-variable");
  sources.data_dir = "from-flag";
  EXPECT_EQ(LoadConfig(sources).config.node.data_dir, "from-flag");
}

TEST_F(ConfigTest, DevNeedsNothingElse) {
  ConfigSources sources;
  sources.dev = true;
  const auto loaded = LoadConfig(sources);
  EXPECT_THAT(Texts(loaded.faults), IsEmpty());
  EXPECT_TRUE(loaded.config.node.admit_on_first_use);
  EXPECT_THAT(loaded.config.node.secondary_prefixes, ElementsAre("88.108"));
  EXPECT_FALSE(loaded.config.node.data_dir.empty());
}

TEST_F(ConfigTest, DevListensOnLoopbackOnly) {
  ConfigSources sources;
  sources.dev = true;
  for (const char* variable :
       {"IDNODE_HTTP_ADDRESS", "IDNODE_GRPC_ADDRESS", "IDNODE_ADMIN_ADDRESS"}) {
    sources.environment = {{variable, "0.0.0.0"}, {"IDNODE_HTTP_ALLOW_PLAINTEXT", "true"}};
    EXPECT_THAT(Texts(LoadConfig(sources).faults), ElementsAre(HasSubstr("--dev opens no other")));
    sources.environment = {{variable, "::1"}};
    EXPECT_THAT(Texts(LoadConfig(sources).faults), IsEmpty());
  }
}

TEST_F(ConfigTest, AClockThatIsAheadNeedsDev) {
  ConfigSources sources;
  sources.dev = true;
  sources.environment = {{"IDNODE_CLOCK_AHEAD_HOURS", "200"}};
  EXPECT_THAT(Texts(LoadConfig(sources).faults), IsEmpty());
  EXPECT_THAT(FaultOf("[clock]\nahead_hours = 200\n"), HasSubstr("clock.ahead_hours"));
}

TEST_F(ConfigTest, PlainTextOffLoopbackMustBeAllowed) {
  for (const std::string face : {"http", "grpc"}) {
    EXPECT_THAT(FaultOf("[" + face + "]\naddress = \"0.0.0.0\"\n"),
                HasSubstr(face + ".address: 0.0.0.0 is not loopback and there is no certificate"));
    EXPECT_THAT(FaultOf("[" + face + "]\naddress = \"localhost\"\n"),
                HasSubstr("\"localhost\" is not an IP address"));
    EXPECT_THAT(Texts(Load(std::string(kGood) + "[" + face +
                           "]\naddress = \"0.0.0.0\"\nallow_plaintext = true\n")
                          .faults),
                IsEmpty());
    EXPECT_THAT(
        Texts(Load(std::string(kGood) + "[" + face + "]\naddress = \"127.8.9.1\"\n").faults),
        IsEmpty());
  }
}

TEST_F(ConfigTest, CertificateAndKeyComeTogetherAndCanBeRead) {
  const std::string pem = Write("some.pem", "-----BEGIN CERTIFICATE-----\n");
  const std::string empty = Write("empty.pem", "");
  EXPECT_THAT(FaultOf("[http]\ntls_certificate = \"" + pem + "\"\n"),
              HasSubstr("http.tls_key: is not set, but tls_certificate is"));
  EXPECT_THAT(FaultOf("[grpc]\ntls_key = \"" + pem + "\"\n"),
              HasSubstr("grpc.tls_certificate: is not set, but tls_key is"));
  EXPECT_THAT(FaultOf("[http]\ntls_certificate = \"" + pem + "\"\ntls_key = \"/nowhere\"\n"),
              HasSubstr("http.tls_key: /nowhere cannot be read or is empty"));
  EXPECT_THAT(FaultOf("[http]\ntls_certificate = \"" + empty + "\"\ntls_key = \"" + pem + "\"\n"),
              HasSubstr("http.tls_certificate: " + empty + " cannot be read or is empty"));
  EXPECT_THAT(
      Texts(Load(std::string(kGood) + "[http]\naddress = \"0.0.0.0\"\ntls_certificate = \"" + pem +
                 "\"\ntls_key = \"" + pem + "\"\n")
                .faults),
      IsEmpty());
}

TEST_F(ConfigTest, ClientAuthoritiesNeedACertificateAndCanBeRead) {
  const std::string pem = Write("some.pem", "-----BEGIN CERTIFICATE-----\n");
  for (const std::string face : {"http", "grpc"}) {
    EXPECT_THAT(FaultOf("[" + face + "]\ntls_client_ca = \"" + pem + "\"\n"),
                HasSubstr(face + ".tls_client_ca: is set, but tls_certificate is not"));
    const std::string pair =
        "tls_certificate = \"" + pem + "\"\ntls_key = \"" + pem + "\"\ntls_client_ca = ";
    EXPECT_THAT(FaultOf("[" + face + "]\n" + pair + "\"/nowhere\"\n"),
                HasSubstr(face + ".tls_client_ca: /nowhere cannot be read or is empty"));
    EXPECT_THAT(
        Texts(Load(std::string(kGood) + "[" + face + "]\n" + pair + "\"" + pem + "\"\n").faults),
        IsEmpty());
  }
}

TEST_F(ConfigTest, IndustriesOfASecondaryPrefix) {
  const std::string node = "[node]\ndata_dir = \"d\"\nsecondary_prefixes = [\"88.108\"]\n";
  EXPECT_THAT(Texts(Load(node + "secondary_prefix_industries = [\"88.108=C19, C14\"]\n").faults),
              Each(Not(HasSubstr("industries"))));
  EXPECT_THAT(Texts(Load(node + "secondary_prefix_industries = [\"88.109=C19\"]\n").faults),
              Contains(HasSubstr("node.secondary_prefix_industries: \"88.109=C19\"")));
}

TEST_F(ConfigTest, ListsOfAddressesAndIdentifiersAreChecked) {
  EXPECT_THAT(Texts(Load(std::string(kGood) +
                         "[access]\nallow_addresses = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n"
                         "deny_addresses = [\"10.1.0.0/16\"]\n"
                         "deny_identifiers = [\"88.108.1/\", \"88.108.2/A\"]\n")
                        .faults),
              IsEmpty());
  EXPECT_THAT(FaultOf("[access]\nallow_addresses = [\"10.0.0.0/33\"]\n"),
              HasSubstr("access.allow_addresses: \"10.0.0.0/33\" has no length"));
  EXPECT_THAT(FaultOf("[access]\ndeny_addresses = [\"somewhere\"]\n"),
              HasSubstr("access.deny_addresses: \"somewhere\" is no IP address"));
  EXPECT_THAT(FaultOf("[access]\ndeny_identifiers = [\"88.108.1\"]\n"),
              HasSubstr("access.deny_identifiers: \"88.108.1\" is no identifier"));
}

TEST_F(ConfigTest, AccessIsStrictUnlessItIsSaidOtherwise) {
  const auto loaded = Load(kGood);
  EXPECT_FALSE(loaded.config.access.allow_daily_hash);
  EXPECT_FALSE(loaded.config.access.snms_value_bytes_strict);
  EXPECT_TRUE(loaded.config.templates.require_known);
  EXPECT_GE(loaded.config.audit.retention_days, 180);
  EXPECT_THAT(FaultOf("[audit]\nretention_days = 179\n"), HasSubstr("179 is less than 180"));
  ConfigSources sources;
  sources.dev = true;
  EXPECT_FALSE(LoadConfig(sources).config.templates.require_known);
  sources.environment = {{"IDNODE_TEMPLATES_REQUIRE_KNOWN", "true"}};
  EXPECT_TRUE(LoadConfig(sources).config.templates.require_known);
}

TEST_F(ConfigTest, LimitsMustNotContradictEachOther) {
  EXPECT_THAT(FaultOf("[http]\nport = 50051\n"), HasSubstr("50051 is the port of http.port too"));
  EXPECT_THAT(
      Texts(Load(std::string(kGood) + "[http]\nport = 0\n[grpc]\nport = 0\n[admin]\nport = 0\n")
                .faults),
      IsEmpty());
  EXPECT_THAT(FaultOf("[limits]\npage_size_default = 1001\n"),
              HasSubstr("limits.page_size_default: 1001 is more than limits.page_size_max = 1000"));
  EXPECT_THAT(FaultOf("[limits]\nrecord_bytes_max = 65535\nattributes_bytes_max = 1000\n"),
              HasSubstr("limits.value_bytes_max: 65536 is more than limits.record_bytes_max"));
  EXPECT_THAT(FaultOf("[limits]\nrecord_bytes_max = 65535\nvalue_bytes_max = 1000\n"),
              HasSubstr("limits.attributes_bytes_max: 65536 is more than"));
  EXPECT_THAT(FaultOf("[http]\nbody_bytes_max = 16777215\n"),
              HasSubstr("limits.batch_bytes_max: 16777216 is more than http.body_bytes_max"));
  EXPECT_THAT(FaultOf("[grpc]\nmessage_bytes_max = 16777215\n"),
              HasSubstr("limits.batch_bytes_max: 16777216 is more than grpc.message_bytes_max"));
  EXPECT_THAT(FaultOf("[grpc]\ndefault_deadline_ms = 300001\n"),
              HasSubstr("grpc.default_deadline_ms: 300001 is more than grpc.deadline_max_ms"));
  EXPECT_THAT(FaultOf("[grpc]\nrecounts_max = 2\n"),
              HasSubstr("grpc.recounts_max: 2 leaves none of grpc.worker_threads = 2"));
  EXPECT_THAT(FaultOf("[http]\nbodies_bytes_max = 33554431\n"),
              HasSubstr("http.body_bytes_max: 33554432 is more than http.bodies_bytes_max"));
  EXPECT_THAT(FaultOf("[http]\nredirect_status = 303\n"), HasSubstr("303 is not one of"));
}

TEST_F(ConfigTest, PrefixesAreBounded) {
  ConfigSources sources;
  sources.dev = true;
  std::string prefixes = "88.1";
  for (int i = 2; i <= 1'000; ++i) prefixes += ",88." + std::to_string(i);
  sources.environment = {{"IDNODE_NODE_SECONDARY_PREFIXES", prefixes}};
  EXPECT_THAT(Texts(LoadConfig(sources).faults), IsEmpty());
  sources.environment = {{"IDNODE_NODE_SECONDARY_PREFIXES", prefixes + ",88.1001"}};
  EXPECT_THAT(Texts(LoadConfig(sources).faults), ElementsAre(HasSubstr("more than 1000 prefixes")));
  sources.environment = {{"IDNODE_NODE_SECONDARY_PREFIXES", ""}};
  EXPECT_THAT(Texts(LoadConfig(sources).faults), ElementsAre(HasSubstr("is empty")));
}

TEST_F(ConfigTest, DataDirIsBounded) {
  ConfigSources sources;
  sources.dev = true;
  sources.data_dir = std::string(3'000, 'd');
  EXPECT_THAT(Texts(LoadConfig(sources).faults), IsEmpty());
  sources.data_dir += 'd';
  EXPECT_THAT(Texts(LoadConfig(sources).faults), ElementsAre(HasSubstr("longer than 3000 bytes")));
}

TEST_F(ConfigTest, PrintedConfigurationReadsBackTheSame) {
  ConfigSources sources;
  sources.dev = true;
  sources.environment = {{"IDNODE_NODE_DATA_DIR", "/data \"quoted\" \\ \x01 标识"},
                         {"IDNODE_HTTP_PORT", "0"},
                         {"IDNODE_NODE_SECONDARY_PREFIXES", "88.108,88.109"}};
  const auto first = LoadConfig(sources);
  ASSERT_THAT(Texts(first.faults), IsEmpty());
  const std::string printed = PrintConfig(first.config);
  EXPECT_THAT(printed, HasSubstr("# Port; 0 picks a free one (0 to 65535)\nport = 0\n"));
  const auto second = Load(printed);
  EXPECT_THAT(Texts(second.faults), IsEmpty());
  EXPECT_EQ(PrintConfig(second.config), printed);
  EXPECT_EQ(second.config.node.data_dir, first.config.node.data_dir);
}

TEST_F(ConfigTest, LogSettings) {
  Config config;
  EXPECT_EQ(config.log_level(), LogLevel::kInfo);
  EXPECT_EQ(config.log_format(), LogFormat::kLogfmt);
  config.log = {"debug", "json"};
  EXPECT_EQ(config.log_level(), LogLevel::kDebug);
  EXPECT_EQ(config.log_format(), LogFormat::kJson);
  config.log.level = "warning";
  EXPECT_EQ(config.log_level(), LogLevel::kWarning);
  config.log.level = "error";
  EXPECT_EQ(config.log_level(), LogLevel::kError);
  config.log.level = "off";
  EXPECT_EQ(config.log_level(), LogLevel::kOff);
}

TEST(NearestNameTest, FindsSlipsAndOnlySlips) {
  EXPECT_EQ(NearestName("prot", {"port", "address"}), "port");
  EXPECT_EQ(NearestName("potr", {"port", "address"}), "port");
  EXPECT_EQ(NearestName("pxyz", {"port", "address"}), "");
  EXPECT_EQ(NearestName("prt", {"port", "address"}), "port");
  EXPECT_EQ(NearestName("idle_timeout", {"idle_timeout_ms", "request_timeout_ms"}),
            "idle_timeout_ms");
  EXPECT_EQ(NearestName("colour", {"port", "address"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
}

}  // namespace
}  // namespace idnode::app
