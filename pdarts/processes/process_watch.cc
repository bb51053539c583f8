#include "pdarts/processes/process_watch.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/file.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// The kinds of messages between processes. A message consists of its kind, the length of its text
/// in four bytes, and the text.
enum class Kind : char {
  kHello = 'J',  ///< the first message to process 0: the token, the rank, and the name of a process
  kWelcome = 'W',  ///< the answer of process 0: the token
  kHeartbeat = 'H',
  kBye = 'B',    ///< the work of the sender is finished
  kError = 'E',  ///< the sender ends with an error; the text is its message
  kEnded = 'D',  ///< from process 0: the result of status() from now on
};

constexpr size_t kHeaderBytes = 5;
constexpr size_t kMostTextBytes = 1 << 14;
constexpr double kConnectSeconds = 2;

struct Message {
  Kind kind;
  std::string text;
};

std::string Encode(Kind kind, absl::string_view text) {
  text = text.substr(0, kMostTextBytes);
  std::string bytes(1, static_cast<char>(kind));
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(text.size() >> shift & 0xff));
  }
  absl::StrAppend(&bytes, text);
  return bytes;
}

/// One end of a connection.
class Connection {
 public:
  explicit Connection(FileDescriptor socket) : socket_(std::move(socket)) {}

  int number() const { return socket_.number(); }

  /// Sends as many bytes as fit into the buffer of the system. A process that does not read its
  /// messages loses them.
  void Send(Kind kind, absl::string_view text = "") {
    if (broken_) return;
    const std::string bytes = Encode(kind, text);
    const ssize_t sent =
        send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    // After half a message, the other process could not understand the next one.
    if (sent >= 0 && sent != static_cast<ssize_t>(bytes.size())) broken_ = true;
  }

  /// Reads the bytes that have arrived. Returns whether the connection still exists.
  bool Read() {
    char bytes[4096];
    for (;;) {
      const ssize_t length = recv(socket_.number(), bytes, sizeof(bytes), MSG_DONTWAIT);
      if (length > 0) {
        received_.append(bytes, static_cast<size_t>(length));
        silent_heartbeats = 0;
      } else if (length < 0 && errno == EINTR) {
        continue;
      } else {
        return length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      }
    }
  }

  /// The next complete message. A message that is too long ends the connection: see is_nonsense.
  std::optional<Message> Next() {
    if (received_.size() < kHeaderBytes) return std::nullopt;
    size_t length = 0;
    for (int byte = 0; byte < 4; ++byte) {
      length |= static_cast<size_t>(static_cast<unsigned char>(received_[1 + byte])) << (8 * byte);
    }
    if (length > kMostTextBytes) {
      is_nonsense = true;
      return std::nullopt;
    }
    if (received_.size() < kHeaderBytes + length) return std::nullopt;
    Message message = {static_cast<Kind>(received_[0]), received_.substr(kHeaderBytes, length)};
    received_.erase(0, kHeaderBytes + length);
    return message;
  }

  int rank = -1;     ///< rank of the process at the other end; -1 until its first message
  std::string name;  ///< "node7, process id 123"
  int silent_heartbeats = 0;
  bool has_left = false;
  bool is_nonsense = false;

 private:
  FileDescriptor socket_;
  std::string received_;
  bool broken_ = false;
};

std::string OwnName() { return absl::StrCat(HostName(), ", process id ", getpid()); }

std::string RandomToken() {
  std::random_device random;
  std::string token;
  for (int word = 0; word < 4; ++word)
    absl::StrAppend(&token, absl::Hex(random(), absl::kZeroPad8));
  return token;
}

/// The addresses of this machine as text. Addresses that are valid only on this machine come last.
std::vector<std::string> OwnAddresses() {
  std::vector<std::string> addresses, loopback;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {"127.0.0.1"};
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    char text[NI_MAXHOST];
    const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (getnameinfo(one->ifa_addr, length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::strchr(text, '%') != nullptr) continue;  // valid only on this machine
    ((one->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : addresses).emplace_back(text);
  }
  freeifaddrs(all);
  addresses.insert(addresses.end(), loopback.begin(), loopback.end());
  return addresses;
}

/// A socket that listens on every address of the machine. Sets `port`.
absl::StatusOr<FileDescriptor> ListenAnywhere(int* port) {
  FileDescriptor socket6(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage address = {};
  socklen_t length = sizeof(sockaddr_in6);
  const int off = 0;
  address.ss_family = AF_INET6;
  const bool both =
      socket6.number() >= 0 &&
      setsockopt(socket6.number(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0 &&
      bind(socket6.number(), reinterpret_cast<const sockaddr*>(&address), length) == 0;
  FileDescriptor socket4;
  if (!both) {
    socket4 = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address = {};
    address.ss_family = AF_INET;
    length = sizeof(sockaddr_in);
    if (socket4.number() < 0 ||
        bind(socket4.number(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
      return absl::ErrnoToStatus(errno, "cannot open a socket for the other processes of the run");
    }
  }
  FileDescriptor listening = both ? std::move(socket6) : std::move(socket4);
  length = sizeof(address);
  if (listen(listening.number(), SOMAXCONN) != 0 ||
      getsockname(listening.number(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return absl::ErrnoToStatus(errno, "cannot listen for the other processes of the run");
  }
  *port = ntohs(both ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  return listening;
}

void SendAtOnce(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/// Waits until the socket can be read or written. Returns false if `until` passes first.
bool Await(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd one = {socket, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::max<int64_t>(0, left)));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0;
  }
}

/// Connects to an address and sends the token. Returns null if nobody answers with the token.
std::unique_ptr<Connection> Connect(const std::string& address, const std::string& port,
                                    const std::string& hello, const std::string& token) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), port.c_str(), &hints, &found) != 0) return nullptr;
  FileDescriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int result =
      socket.number() < 0 ? -1 : connect(socket.number(), found->ai_addr, found->ai_addrlen);
  const int error = errno;
  freeaddrinfo(found);
  if (socket.number() < 0 || (result != 0 && error != EINPROGRESS)) return nullptr;
  const Clock::time_point until = Clock::now() + Seconds(kConnectSeconds);
  if (!Await(socket.number(), POLLOUT, until)) return nullptr;
  SendAtOnce(socket.number());
  auto connection = std::make_unique<Connection>(std::move(socket));
  connection->Send(Kind::kHello, hello);
  while (Await(connection->number(), POLLIN, until)) {
    const bool goes_on = connection->Read();
    if (const std::optional<Message> answer = connection->Next()) {
      if (answer->kind == Kind::kWelcome && answer->text == token) return connection;
      return nullptr;
    }
    if (!goes_on || connection->is_nonsense) return nullptr;
  }
  return nullptr;
}

void EndProcess(const absl::Status& status) {
  const std::string text = absl::StrCat("error: ", status.message(), "\n");
  // Streams are not used, because the thread that hangs may hold their lock.
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(1);
  _exit(1);
}

}  // namespace

/// The thread of a watch. Only the constructor, Start and the public methods run on other threads.
class ProcessWatch::Thread {
 public:
  Thread(int rank, int size, Options options)
      : rank_(rank), size_(size), options_(std::move(options)), wake_(eventfd(0, EFD_CLOEXEC)) {
    if (!options_.end_process) options_.end_process = &EndProcess;
  }

  absl::Status Lead() {
    int port = 0;
    PDARTS_ASSIGN_OR_RETURN(listening_, ListenAnywhere(&port));
    token_ = RandomToken();
    address_ = absl::StrCat(OwnName(), "\n", HostName(), "\n", token_, "\n", port, "\n",
                            absl::StrJoin(OwnAddresses(), "\n"));
    return absl::OkStatus();
  }

  absl::Status Join(const std::string& address) {
    const std::vector<std::string> lines = absl::StrSplit(address, '\n');
    if (lines.size() < 5) return absl::InternalError("process 0 has sent no address");
    const std::string &token = lines[2], &port = lines[3];
    std::vector<std::string> addresses(lines.begin() + 4, lines.end());
    // On the same machine, the loopback address is the most reliable one.
    if (lines[1] == HostName()) std::reverse(addresses.begin(), addresses.end());
    const std::string hello = absl::StrCat(token, "\n", rank_, "\n", OwnName());
    for (const std::string& one : addresses) {
      std::unique_ptr<Connection> connection = Connect(one, port, hello, token);
      if (connection == nullptr) continue;
      connection->rank = 0;
      connection->name = lines[0];
      connections_.push_back(std::move(*connection));
      return absl::OkStatus();
    }
    return absl::UnavailableError(absl::StrCat(NameOf(rank_, OwnName()), " cannot reach ",
                                               NameOf(0, lines[0]), " by TCP at port ", port,
                                               " of ", absl::StrJoin(addresses, ", ")));
  }

  void Start() {
    // Signals go to the thread that does the work.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { Run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void Leave(const std::optional<std::string>& error) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (leaving_) return;
      leaving_ = true;
      error_ = error;
    }
    Wake();
    if (thread_.joinable()) thread_.join();
  }

  bool AllWell() const { return all_well_.load(std::memory_order_acquire); }

  absl::Status status() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return status_;
  }

  absl::Status AwaitStatus(double seconds) const {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, Seconds(seconds), [&] { return !status_.ok(); });
    return status_;
  }

  const std::string& address() const { return address_; }

 private:
  void Wake() {
    const uint64_t one = 1;
    // write fails only if the thread has been woken 2^64 times.
    if (write(wake_.number(), &one, sizeof(one)) < 0) return;
  }

  std::string NameOf(int rank, const std::string& name) const {
    return absl::StrCat("process ", rank, " of ", size_, " (", name, ")");
  }

  void Run() {
    Clock::time_point next_heartbeat = Clock::now();
    while (!IsLeaving()) {
      const Clock::time_point now = Clock::now();
      if (now >= next_heartbeat) {
        Heartbeat();
        next_heartbeat = now + Seconds(options_.heartbeat_seconds);
      }
      if (!AllWell() && now >= leave_until_) {
        options_.end_process(status());
        leave_until_ = Clock::time_point::max();
      }
      PollOnce(std::min(next_heartbeat, leave_until_));
    }
    SayGoodbye();
  }

  bool IsLeaving() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return leaving_;
  }

  void Heartbeat() {
    for (auto one = connections_.begin(); one != connections_.end();) {
      Connection& connection = *one++;
      connection.Send(Kind::kHeartbeat);
      if (++connection.silent_heartbeats <= options_.missed_heartbeats) continue;
      Lose(&connection,
           absl::StrCat("has not been heard of for ",
                        options_.missed_heartbeats * options_.heartbeat_seconds, " seconds"));
    }
  }

  void PollOnce(Clock::time_point until) {
    std::vector<pollfd> sockets = {{wake_.number(), POLLIN, 0}};
    if (listening_.number() >= 0) sockets.push_back({listening_.number(), POLLIN, 0});
    for (const Connection& connection : connections_) {
      sockets.push_back({connection.number(), POLLIN, 0});
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    const int milliseconds = static_cast<int>(std::clamp<int64_t>(left + 1, 0, 60000));
    if (poll(sockets.data(), sockets.size(), milliseconds) <= 0) return;
    for (const pollfd& ready : sockets) {
      if (ready.revents == 0 || ready.fd == wake_.number()) continue;
      if (ready.fd == listening_.number()) {
        Accept();
        continue;
      }
      const auto of_socket =
          std::find_if(connections_.begin(), connections_.end(),
                       [&](const Connection& c) { return c.number() == ready.fd; });
      if (of_socket != connections_.end()) Receive(&*of_socket);
    }
  }

  void Accept() {
    FileDescriptor socket(
        accept4(listening_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.number() < 0) return;
    SendAtOnce(socket.number());
    connections_.emplace_back(std::move(socket));
  }

  void Receive(Connection* connection) {
    const bool goes_on = connection->Read();
    while (const std::optional<Message> message = connection->Next()) {
      if (!Take(connection, *message)) return;
    }
    if (!goes_on || connection->is_nonsense) Lose(connection, "has ended");
  }

  /// Returns whether the connection still exists.
  bool Take(Connection* connection, const Message& message) {
    if (connection->rank < 0) return TakeHello(connection, message);
    switch (message.kind) {
      case Kind::kBye:
        connection->has_left = true;
        break;
      case Kind::kError:
        Lose(connection, absl::StrCat("has ended with an error: ", message.text));
        return false;
      case Kind::kEnded:
        SetStatus(message.text);
        break;
      default:
        break;
    }
    return true;
  }

  bool TakeHello(Connection* connection, const Message& message) {
    const std::vector<std::string> lines = absl::StrSplit(message.text, '\n');
    int rank = 0;
    if (message.kind != Kind::kHello || lines.size() != 3 || lines[0] != token_ ||
        !absl::SimpleAtoi(lines[1], &rank) || rank <= 0 || rank >= size_) {
      Remove(connection);  // it does not belong to the run
      return false;
    }
    connection->rank = rank;
    connection->name = lines[2];
    connection->Send(Kind::kWelcome, token_);
    return true;
  }

  void Remove(const Connection* connection) {
    connections_.remove_if([&](const Connection& one) { return &one == connection; });
  }

  /// Removes a connection. If its process has not called Leave, the process has ended.
  void Lose(const Connection* connection, absl::string_view what) {
    const bool matters = connection->rank >= 0 && !connection->has_left;
    const std::string message = absl::StrCat(NameOf(connection->rank, connection->name), " ", what);
    Remove(connection);
    if (!matters) return;
    SetStatus(message);
    if (rank_ == 0) {
      for (Connection& other : connections_) other.Send(Kind::kEnded, message);
    }
  }

  /// Only the first message is kept, because the following ones are its consequences.
  void SetStatus(const std::string& message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!status_.ok()) return;
    status_ = absl::UnavailableError(message);
    leave_until_ = Clock::now() + Seconds(options_.seconds_to_leave);
    all_well_.store(false, std::memory_order_release);
    changed_.notify_all();
  }

  void SayGoodbye() {
    std::optional<std::string> error;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      error = error_;
    }
    for (Connection& connection : connections_) {
      if (!error) {
        connection.Send(Kind::kBye);
      } else if (rank_ > 0) {
        connection.Send(Kind::kError, *error);
      } else {
        connection.Send(Kind::kEnded,
                        absl::StrCat(NameOf(0, OwnName()), " has ended with an error: ", *error));
      }
    }
    connections_.clear();
    listening_ = FileDescriptor();
  }

  const int rank_, size_;
  Options options_;
  FileDescriptor wake_, listening_;
  std::string token_, address_;
  std::list<Connection> connections_;
  Clock::time_point leave_until_ = Clock::time_point::max();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  absl::Status status_;
  bool leaving_ = false;
  std::optional<std::string> error_;
  std::atomic<bool> all_well_{true};
  std::thread thread_;
};

ProcessWatch::ProcessWatch(std::unique_ptr<Thread> thread) : thread_(std::move(thread)) {
  thread_->Start();
}

absl::StatusOr<std::unique_ptr<ProcessWatch>> ProcessWatch::Lead(int size, Options options) {
  auto thread = std::make_unique<Thread>(0, size, std::move(options));
  PDARTS_RETURN_IF_ERROR(thread->Lead());
  return std::unique_ptr<ProcessWatch>(new ProcessWatch(std::move(thread)));
}

absl::StatusOr<std::unique_ptr<ProcessWatch>> ProcessWatch::Join(int rank, int size,
                                                                 const std::string& address,
                                                                 Options options) {
  auto thread = std::make_unique<Thread>(rank, size, std::move(options));
  PDARTS_RETURN_IF_ERROR(thread->Join(address));
  return std::unique_ptr<ProcessWatch>(new ProcessWatch(std::move(thread)));
}

ProcessWatch::~ProcessWatch() { LeaveWithError("the process has lost its watch"); }

const std::string& ProcessWatch::address() const { return thread_->address(); }
bool ProcessWatch::AllWell() const { return thread_->AllWell(); }
absl::Status ProcessWatch::status() const { return thread_->status(); }
absl::Status ProcessWatch::AwaitStatus(double seconds) const {
  return thread_->AwaitStatus(seconds);
}
void ProcessWatch::Leave() { thread_->Leave(std::nullopt); }
void ProcessWatch::LeaveWithError(absl::string_view message) {
  thread_->Leave(std::string(message));
}

}  // namespace pdarts
