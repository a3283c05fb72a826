// A gRPC client that tests in other languages drive: reads one call a line from standard input,
// makes it, writes one answer a line.
//
//   {"id":7,"lane":3,"method":"BatchRegister","request":{…}}     protobuf JSON of the request
//   {"id":7,"ok":true,"response":{…}}
//   {"id":7,"ok":false,"status":14,"slug":"unavailable","detail":"…","retryAfterMs":1000}
//
// Calls of a lane are made one after the other, lanes run at once. Method RegisterStream writes to
// the lane's stream without waiting; answers come in their order, and all that is unanswered fails
// when the stream breaks (the next such call opens another). Ends at the end of its input.
//
// Usage: grpc_pipe HOST:PORT [TOKEN_FILE [CA_FILE]]
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include "idnode/v1/registration.grpc.pb.h"
#include "idnode/v1/resolution.grpc.pb.h"
#include "idnode/v1/volume.grpc.pb.h"

namespace idnode {
namespace {

constexpr int kCallSeconds = 120;
constexpr int kAnswerBytesMax = 64 << 20;

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string TrailerOf(const grpc::ClientContext& context, const char* key) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(key);
  return found == trailers.end() ? std::string()
                                 : std::string(found->second.data(), found->second.size());
}

/// Standard output, a whole line at a time.
class Answers {
 public:
  void Ok(std::int64_t id, const google::protobuf::Message& response) {
    std::string json;
    (void)google::protobuf::util::MessageToJsonString(response, &json);
    Print("{\"id\":" + std::to_string(id) + ",\"ok\":true,\"response\":" + json + "}\n");
  }
  void Failed(std::int64_t id, int status, std::string_view slug, std::string_view detail,
              std::string_view retry_after_ms) {
    std::string line = "{\"id\":" + std::to_string(id) +
                       ",\"ok\":false,\"status\":" + std::to_string(status) +
                       ",\"slug\":" + Quoted(slug) + ",\"detail\":" + Quoted(detail);
    if (!retry_after_ms.empty()) line += ",\"retryAfterMs\":" + std::string(retry_after_ms);
    Print(line + "}\n");
  }
  void Failed(std::int64_t id, const grpc::Status& status, const grpc::ClientContext& context) {
    Failed(id, status.error_code(), TrailerOf(context, "idnode-error"), status.error_message(),
           TrailerOf(context, "retry-after-ms"));
  }

 private:
  void Print(const std::string& line) {
    const std::lock_guard lock(mutex_);
    std::cout << line << std::flush;
  }
  std::mutex mutex_;
};

/// What all lanes share. Thread-safe.
struct Node {
  std::string authorization;
  std::unique_ptr<v1::RegistrationService::Stub> registration;
  std::unique_ptr<v1::ResolutionService::Stub> resolution;
  std::unique_ptr<v1::VolumeService::Stub> volume;
  Answers answers;

  std::unique_ptr<grpc::ClientContext> NewContext() const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_seconds(kCallSeconds, GPR_TIMESPAN)));
    if (!authorization.empty()) context->AddMetadata("authorization", authorization);
    return context;
  }
};

/// One RegisterStream. The reading thread answers; Write is for one thread.
class Stream {
 public:
  explicit Stream(Node& node)
      : node_(node),
        context_(node.NewContext()),
        stream_(node.registration->RegisterStream(context_.get())),
        reading_([this] { Read(); }) {}
  ~Stream() {
    stream_->WritesDone();
    reading_.join();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// False if the stream is broken: the call was not taken.
  bool Write(std::int64_t id, const v1::BatchRegisterRequest& request) {
    {
      const std::lock_guard lock(mutex_);
      if (broken_) return false;
      waiting_.push_back(id);
    }
    stream_->Write(request);
    return true;
  }

 private:
  void Read() {
    v1::BatchRegisterResponse response;
    while (stream_->Read(&response)) {
      std::int64_t id = 0;
      {
        const std::lock_guard lock(mutex_);
        id = waiting_.front();
        waiting_.pop_front();
      }
      if (response.has_error()) {
        const v1::Error& error = response.error();
        node_.answers.Failed(id, 0, error.slug(), error.detail(),
                             std::to_string(error.retry_after_ms()));
      } else {
        node_.answers.Ok(id, response);
      }
    }
    const grpc::Status status = stream_->Finish();
    const std::lock_guard lock(mutex_);
    broken_ = true;
    for (const std::int64_t id : waiting_) node_.answers.Failed(id, status, *context_);
    waiting_.clear();
  }

  Node& node_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::BatchRegisterRequest, v1::BatchRegisterResponse>>
      stream_;
  std::mutex mutex_;
  std::deque<std::int64_t> waiting_;
  bool broken_ = false;
  std::thread reading_;  // last: it uses everything above
};

/// A thread that makes the calls given to it in their order.
class Lane {
 public:
  explicit Lane(Node& node) : node_(node), thread_([this] { Run(); }) {}
  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Add(std::int64_t id, std::string method, std::string request) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back({id, std::move(method), std::move(request)});
    }
    changed_.notify_one();
  }

 private:
  struct Call {
    std::int64_t id = 0;
    std::string method;
    std::string request;
  };

  void Run() {
    while (true) {
      Call call;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || !calls_.empty(); });
        if (calls_.empty()) return;
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      Make(call);
    }
  }

  template <typename Request, typename Response, typename Stub>
  void Unary(const Call& call, Stub& stub,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    Request request;
    if (!Parse(call, request)) return;
    const auto context = node_.NewContext();
    Response response;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    if (status.ok()) {
      node_.answers.Ok(call.id, response);
    } else {
      node_.answers.Failed(call.id, status, *context);
    }
  }

  bool Parse(const Call& call, google::protobuf::Message& request) {
    const auto status = google::protobuf::util::JsonStringToMessage(call.request, &request);
    if (!status.ok()) node_.answers.Failed(call.id, -1, "bad-line", status.ToString(), "");
    return status.ok();
  }

  void Make(const Call& call) {
    using Registration = v1::RegistrationService::Stub;
    if (call.method == "BatchRegister") {
      Unary(call, *node_.registration, &Registration::BatchRegister);
    } else if (call.method == "Update") {
      Unary(call, *node_.registration, &Registration::Update);
    } else if (call.method == "Delete") {
      Unary(call, *node_.registration, &Registration::Delete);
    } else if (call.method == "SetState") {
      Unary(call, *node_.registration, &Registration::SetState);
    } else if (call.method == "BatchResolve") {
      Unary(call, *node_.resolution, &v1::ResolutionService::Stub::BatchResolve);
    } else if (call.method == "GetVolume") {
      Unary(call, *node_.volume, &v1::VolumeService::Stub::GetVolume);
    } else if (call.method == "RegisterStream") {
      v1::BatchRegisterRequest request;
      if (!Parse(call, request)) return;
      if (stream_ && stream_->Write(call.id, request)) return;
      stream_.reset();
      stream_ = std::make_unique<Stream>(node_);
      if (!stream_->Write(call.id, request)) {
        node_.answers.Failed(call.id, grpc::StatusCode::UNAVAILABLE, "", "the stream broke", "");
      }
    } else {
      node_.answers.Failed(call.id, -1, "bad-line", "no method " + call.method, "");
    }
  }

  Node& node_;
  std::unique_ptr<Stream> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  bool ended_ = false;
  std::thread thread_;  // last: it uses everything above
};

int Run(int argc, char** argv) {
  Node node;
  std::string token = argc > 2 ? ReadFile(argv[2]) : "";
  token.erase(token.find_last_not_of(" \r\n") + 1);
  if (!token.empty()) node.authorization = "Bearer " + token;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (argc > 3) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(argv[3]);
    credentials = grpc::SslCredentials(options);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel(argv[1], credentials, arguments);
  node.registration = v1::RegistrationService::NewStub(channel);
  node.resolution = v1::ResolutionService::NewStub(channel);
  node.volume = v1::VolumeService::NewStub(channel);

  std::map<std::int64_t, std::unique_ptr<Lane>> lanes;
  // Reading must not wait for answers to be read: whoever writes calls may do that later.
  std::cin.tie(nullptr);
  std::string line;
  while (std::getline(std::cin, line)) {
    boost::system::error_code error;
    const boost::json::value call = boost::json::parse(line, error);
    if (error || !call.is_object()) {
      std::cerr << "grpc_pipe: not a call: " << line << '\n';
      return 1;
    }
    const boost::json::object& object = call.get_object();
    auto& lane = lanes[object.at("lane").as_int64()];
    if (!lane) lane = std::make_unique<Lane>(node);
    lane->Add(object.at("id").as_int64(), std::string(object.at("method").as_string()),
              boost::json::serialize(object.at("request")));
  }
  return 0;
}

}  // namespace
}  // namespace idnode

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: grpc_pipe HOST:PORT [TOKEN_FILE [CA_FILE]]\n";
    return 2;
  }
  return idnode::Run(argc, argv);
}
