"""Makes an archive of programs with all that they need but the C library, the kernel, and what the archive leaves out.

usage: make_archive.py CONFIG.json

release.bzl writes this file, and describes its fields. All other files come from the packages of the Debian system on
which the programs are built.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# The plugins of Graphviz that the programs use: the layout, SVG, and PDF with measured text.
GRAPHVIZ_PLUGINS = ["core", "dot_layout", "pango"]
# Libraries whose license forbids changes. They have no run path and no symbols that could be
# removed.
UNCHANGED = ("libcudart.so", "libcupti.so")
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
CERTIFICATES = "/usr/share/ca-certificates/mozilla"
COMMON_LICENSES = "/usr/share/common-licenses"
# The time of all files, in seconds since 1970, so that the archive depends only on its content.
TIME = 946684800


def run(*command, **options):
    """Returns what the command prints on standard output."""
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        sys.exit("make_archive.py: failed with status %d: %s" % (result.returncode, " ".join(command)))
    return result.stdout


def copy(source, target, mode=0o644):
    """Copies the content of a file and gives the copy a mode."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)
    os.chmod(target, mode)


def write(text, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(target, 0o644)


class SystemLibraries:
    """Shared libraries of the system, as the dynamic loader finds them."""

    def __init__(self):
        # A line of ldconfig: "\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1".
        lines = re.findall(r"^\t(\S+) \(libc6,x86-64\) => (\S+)$", run("/sbin/ldconfig", "-p"), re.MULTILINE)
        self._paths = {}
        for name, path in lines:
            self._paths.setdefault(name, os.path.realpath(path))

    def path(self, name):
        """Returns the library's file, without symbolic links, or None."""
        return self._paths.get(name)


class SystemPackages:
    """The Debian packages of files. A package may be installed for several architectures."""

    def __init__(self):
        self._files = {}
        self._owners = {}
        # A line of dpkg-query: "zlib1g:amd64: /lib/x86_64-linux-gnu/libz.so.1". All files are in one call,
        # because each call takes a second.
        for line in run("dpkg-query", "-S", "*.so*", FONT, CERTIFICATES + "/*").splitlines():
            packages, separator, path = line.partition(": /")
            if separator and not packages.startswith("diversion "):
                self._owners["/" + path] = packages.split(",")[0].split(":")[0]

    def owner(self, path):
        """Returns the package that a file belongs to, such as "zlib1g"."""
        # If /lib is a link to /usr/lib, a package may name its files by either path.
        for name in [path] + ([path[len("/usr"):]] if path.startswith("/usr/") else []):
            if name in self._owners:
                return self._owners[name]
        sys.exit("make_archive.py: %s belongs to no package of this system, so its license is unknown" % path)

    def add(self, path, file):
        """Records that `file` of the archive is `path` of the system."""
        self._files.setdefault(self.owner(path), set()).add(file)

    def write_licenses(self, folder):
        """Writes the license of each package, and a table of packages, their sources, and the files."""
        table = ["# package, version, source package, version of the source package, files\n"]
        for package in sorted(self._files):
            copy("/usr/share/doc/%s/copyright" % package, os.path.join(folder, package, "copyright"))
            fields = r"${Package} ${Version} ${source:Package} ${source:Version}\n"
            described = run("dpkg-query", "-W", "-f", fields, package).splitlines()[0]
            table.append("%s %s\n" % (described, " ".join(sorted(self._files[package]))))
        write("".join(table), os.path.join(folder, "packages.txt"))


class Archive:
    """The folder that becomes the archive."""

    def __init__(self, folder, config):
        self._folder = folder
        self._config = config
        self._system = SystemLibraries()
        self._packages = SystemPackages()
        self._c_library = self._packages.owner(self._system.path("libc.so.6"))

    def path(self, name):
        return os.path.join(self._folder, name)

    def add_of_system(self, source, name, mode=0o644):
        copy(source, self.path(name), mode)
        self._packages.add(source, name)

    def elf_files(self):
        """Returns the names of all programs and libraries."""
        folders = ["libexec", "lib", "lib/graphviz"]
        names = [folder + "/" + name for folder in folders for name in sorted(os.listdir(self.path(folder)))]
        return [name for name in names if self._is_elf(self.path(name))]

    def _is_elf(self, path):
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"

    def add_programs(self):
        for program in self._config["programs"]:
            name = program["name"]
            copy(program["file"], self.path("libexec/" + name), 0o755)
            os.makedirs(self.path("bin"), exist_ok=True)
            os.symlink("../libexec/" + name, self.path("bin/" + name))
            # A program looks for the files of its plugins beside its own file, after resolving links.
            os.symlink("../share/runfiles", self.path("libexec/%s.runfiles" % name))
            for source, runfile in program["runfiles"].items():
                is_library = re.search(r"\.so(\.[0-9]+)*$", runfile)
                copy(source, self.path("lib/" + os.path.basename(runfile) if is_library else "share/runfiles/" + runfile))
        os.makedirs(self.path("lib"), exist_ok=True)

    def add_graphviz(self):
        library = self._system.path("libgvc.so.6")
        package = self._packages.owner(library)
        plugins = os.path.join(os.path.dirname(library), "graphviz")
        for plugin in GRAPHVIZ_PLUGINS:
            name = "libgvplugin_%s.so.6" % plugin
            self.add_of_system(os.path.realpath(os.path.join(plugins, name)), "lib/graphviz/" + name)
        # The program of the package that lists the abilities of the plugins in a folder.
        listers = [path for path in run("dpkg-query", "-L", package).splitlines() if path.endswith("-config-update")]
        run(listers[0], "-c", env={"GVBINDIR": self.path("lib/graphviz"), "PATH": os.environ["PATH"]})
        os.chmod(self.path("lib/graphviz/config6a"), 0o644)

    def add_fonts_and_certificates(self):
        self.add_of_system(FONT, "share/fonts/" + os.path.basename(FONT))
        # /etc/ssl/certs is not used, because it also contains certificates that the administrator
        # of this machine trusts.
        files = [os.path.join(CERTIFICATES, name) for name in sorted(os.listdir(CERTIFICATES))]
        certificates = []
        for path in files:
            with open(path, encoding="ascii") as file:
                certificates.append(file.read())
        bundle = "share/certificates/ca-certificates.crt"
        write("".join(certificates), self.path(bundle))
        self._packages.add(files[0], bundle)

    def add_libraries(self):
        """Adds the libraries that programs and libraries need, until none is missing."""
        done = set()
        while True:
            waiting = [name for name in self.elf_files() if name not in done]
            if not waiting:
                return
            for name in waiting:
                done.add(name)
                for needed in run("patchelf", "--print-needed", self.path(name)).split():
                    self._add_library(needed, name)

    def _add_library(self, needed, by):
        if os.path.exists(self.path("lib/" + needed)) or needed in self._config["left_out"]:
            return
        source = self._system.path(needed)
        if source is None:
            sys.exit("make_archive.py: %s needs %s, which this system's loader does not find" % (by, needed))
        if self._packages.owner(source) != self._c_library:
            self.add_of_system(source, "lib/" + needed)

    def make_relocatable(self):
        """Strips programs and libraries, and changes them so that they load libraries only from the archive."""
        for name in self.elf_files():
            path = self.path(name)
            if os.path.basename(name).startswith(UNCHANGED):
                continue
            run("strip", "--strip-unneeded", path)
            self._forget_unused(path)
            if name.startswith("libexec/"):
                # A run path of the old kind has precedence over LD_LIBRARY_PATH, and also applies to the
                # libraries that a library needs.
                run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib", path)
            elif run("patchelf", "--print-rpath", path).strip():
                run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", path)

    def _forget_unused(self, path):
        """Takes away the names of left out NVIDIA libraries of which the file uses nothing.

        LibTorch's target links them into every program. A LibTorch without CUDA does not have them.
        """
        needed = [name for name in run("patchelf", "--print-needed", path).split() if name in self._config["left_out"]]
        # Their symbols have versions, so the file names each library that it uses a symbol of.
        used = run("readelf", "--version-info", "--wide", path, stderr=subprocess.DEVNULL)
        for name in needed:
            if name.startswith(UNCHANGED) and "File: %s " % name not in used:
                run("patchelf", "--remove-needed", name, path)

    def glibc_version(self):
        """Returns the oldest version of the C library with all needed functions, such as "2.36"."""
        versions = set()
        for name in self.elf_files():
            needs = run("readelf", "--version-info", "--wide", self.path(name), stderr=subprocess.DEVNULL)
            versions.update(re.findall(r"Name: GLIBC_([0-9.]+)\b", needs))
        return max(versions, key=lambda version: [int(number) for number in version.split(".")])

    def add_documents(self):
        for name, source in self._config["files"].items():
            copy(source, self.path(name), 0o755 if name.endswith(".sh") else 0o644)
        for name in self._config["licenses_of"]:
            copy("/usr/share/doc/%s/copyright" % name, self.path("licenses/%s/copyright" % name))
        self._packages.write_licenses(self.path("licenses"))
        for name in sorted(os.listdir(COMMON_LICENSES)):
            copy(os.path.join(COMMON_LICENSES, name), self.path("licenses/common-licenses/" + name))
        with open(self._config["readme"], encoding="utf-8") as file:
            readme = file.read()
        values = {"VERSION": self._config["version"], "GLIBC": self.glibc_version()}
        write(re.sub(r"@([A-Z]+)@", lambda match: values[match.group(1)], readme), self.path("README.md"))


    def largest_files(self):
        """Returns lines about the ten largest files."""
        sizes = []
        for folder, _, names in os.walk(self._folder):
            for path in (os.path.join(folder, name) for name in names):
                if not os.path.islink(path):
                    sizes.append((os.path.getsize(path), os.path.relpath(path, self._folder)))
        return "".join("  %9d %s\n" % entry for entry in sorted(sizes, reverse=True)[:10])


def main(config):
    with open(config["version_file"], encoding="utf-8") as file:
        config["version"] = file.read().strip()
    output = os.path.abspath(config["output"])
    with tempfile.TemporaryDirectory(dir=os.path.dirname(output)) as work:
        name = config["folder"].replace("@VERSION@", config["version"])
        archive = Archive(os.path.join(work, name), config)
        archive.add_programs()
        archive.add_graphviz()
        archive.add_fonts_and_certificates()
        archive.add_libraries()
        archive.make_relocatable()
        archive.add_documents()
        tar = os.path.join(work, "release.tar")
        run("tar", "--create", "--file", tar, "--directory", work, "--sort=name", "--format=gnu", "--owner=0", "--group=0",
            "--numeric-owner", "--mtime=@%d" % TIME, "--mode=u=rwX,go=rX", name)
        with open(output, "wb") as file:
            subprocess.run(["gzip", "--no-name", "--stdout"] + (["--best"] if config["max_bytes"] else []) + [tar],
                           stdout=file, check=True)
        size = os.path.getsize(output)
        if config["max_bytes"] and size > config["max_bytes"]:
            sys.exit("make_archive.py: the archive has %d bytes, and %d are allowed. Its largest files, unpacked:\n%s" %
                     (size, config["max_bytes"], archive.largest_files()))


with open(sys.argv[1], encoding="utf-8") as file:
    main(json.load(file))
