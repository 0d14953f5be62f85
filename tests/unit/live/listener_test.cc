#include "live/listener.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "unit/live/served.h"

using namespace ctwin;
using namespace ctwin::test;
using live::Listener;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/ctwin-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const char* name) const { return path + "/" + name; }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  std::string path;
};

bool reach(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

UniqueFd unconnected() {
  return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Connects, without waiting; -1 when nobody is there.
UniqueFd dial(const std::string& path) {
  UniqueFd fd = unconnected();
  return reach(fd.get(), path) ? std::move(fd) : UniqueFd();
}

/// As long as this lives the process gets no more descriptors.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd next(dup(STDERR_FILENO));
    rlimit tight = before_;
    tight.rlim_cur = static_cast<rlim_t>(next.get());
    setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("a socket has the mode that is asked for, whatever the umask, and goes with its engine") {
  const Folder folder;
  for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
    const mode_t before = umask(mask);
    {
      auto plain = Listener::open({folder / "plain", 0600, {}});
      auto shared = Listener::open({folder / "shared", 0666, std::to_string(getgid())});
      umask(before);
      REQUIRE(plain.ok());
      REQUIRE(shared.ok());
      CHECK(mode_of(folder / "plain") == 0600);
      CHECK(mode_of(folder / "shared") == 0666);
      CHECK(dial(folder / "plain").get() >= 0);
      CHECK(folder.files() == 2);
    }
    CHECK(folder.files() == 0);
  }
}

TEST_CASE("what an engine has left is replaced, one that serves is not") {
  const Folder folder;
  const std::string path = folder / "socket";
  {
    auto first = Listener::open({path, 0600, {}});
    REQUIRE(first.ok());
    fs::create_hard_link(path, folder / "rest");
    const auto second = Listener::open({path, 0600, {}});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == EADDRINUSE);
    CHECK(dial(path).get() >= 0);
  }
  fs::rename(folder / "rest", path);
  CHECK(dial(path).get() < 0);
  const auto heir = Listener::open({path, 0600, {}});
  REQUIRE(heir.ok());
  CHECK(dial(path).get() >= 0);
}

TEST_CASE("a file that is no socket is refused and stays") {
  const Folder folder;
  std::ofstream(folder / "precious") << "text";
  fs::create_symlink(folder / "precious", folder / "link");
  fs::create_directory(folder / "folder");
  for (const char* name : {"precious", "link", "folder"}) {
    const auto refused = Listener::open({folder / name, 0600, {}});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().text.find(folder / name) != std::string::npos);
  }
  CHECK(folder.files() == 3);
  CHECK(fs::file_size(folder / "precious") == 4);
}

TEST_CASE("the end of an engine does not take away another one's socket") {
  const Folder folder;
  const std::string path = folder / "socket";
  std::optional<Listener> first(std::move(*Listener::open({path, 0600, {}})));
  fs::remove(path);  // by somebody who thought that nobody served there
  const auto second = Listener::open({path, 0600, {}});
  REQUIRE(second.ok());
  first.reset();
  CHECK(dial(path).get() >= 0);
}

TEST_CASE("paths and groups that cannot be are named") {
  const Folder folder;
  const auto error_of = [](const Listener::Options& options) {
    const auto listener = Listener::open(options);
    REQUIRE_FALSE(listener.ok());
    return listener.error().text;
  };
  const std::string longest = folder.path + "/" + std::string(106 - folder.path.size(), 'x');
  CHECK(Listener::open({longest, 0600, {}}).ok());
  CHECK(error_of({longest + "x", 0600, {}}).find("108") != std::string::npos);
  CHECK(error_of({"", 0600, {}}).find("1 to 107") != std::string::npos);
  CHECK(error_of({folder / "no/where", 0600, {}}).find("No such file") != std::string::npos);
  CHECK(error_of({folder / "x", 0600, "no such group"}).find("'no such group'") !=
        std::string::npos);
  CHECK(folder.files() == 0);
}

TEST_CASE("those who connect are served, up to the number that can be") {
  const Folder folder;
  Served served(2);
  REQUIRE(served.clients.listen(std::move(*Listener::open({folder / "socket", 0600, {}}))).ok());
  const Peer first(dial(folder / "socket")), second(dial(folder / "socket"));
  served.settle();
  CHECK(served.code_of(first, create_request(1, NLM_F_ACK)) == 0);
  CHECK(served.code_of(second, create_request(2, NLM_F_ACK)) == 0);
  std::optional<Peer> third(Peer(dial(folder / "socket")));
  served.settle();
  CHECK(served.clients.size() == 2);
  const auto refusal = third->receive();
  REQUIRE(refusal);
  CHECK(message_of(*refusal).error_code() == EUSERS);
  CHECK(third->receive()->empty());
  served.clients.drain(0);
  CHECK(dial(folder / "socket").get() < 0);
  CHECK(folder.files() == 0);
}

TEST_CASE(
    "where files run out clients are refused and not left waiting, and the others served on") {
  const Folder folder;
  Served served;
  REQUIRE(served.clients.listen(std::move(*Listener::open({folder / "socket", 0600, {}}))).ok());
  const Peer first(dial(folder / "socket"));
  served.settle();
  const Peer second(unconnected()), third(unconnected());
  {
    const NoMoreFiles none;
    REQUIRE(dup(STDERR_FILENO) < 0);
    REQUIRE(reach(second.fd(), folder / "socket"));
    REQUIRE(reach(third.fd(), folder / "socket"));
    served.settle();
    for (const Peer* peer : {&second, &third}) {
      const auto refusal = peer->receive();
      REQUIRE(refusal);
      CHECK(message_of(*refusal).error_code() == EUSERS);
      CHECK(peer->receive()->empty());
    }
    CHECK(served.code_of(first, create_request(1, NLM_F_ACK)) == 0);
  }
  const Peer later(dial(folder / "socket"));
  served.settle();
  CHECK(served.code_of(later, create_request(2, NLM_F_ACK)) == 0);
}
