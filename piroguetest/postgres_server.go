package piroguetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	postgresReady = 30 * time.Second      // from its start until it responds
	postgresStop  = 5 * time.Second       // until it is killed instead
	postgresPoll  = 20 * time.Millisecond // between two checks whether it responds
)

// postgresFolders lists the folders of PostgreSQL's programs besides those of PATH: Debian,
// Red Hat, Homebrew.
var postgresFolders = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
}

// postgresSettings makes the server fast and gives up durability: its data ends with the
// test.
var postgresSettings = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300",
	"shared_buffers=64MB", "listen_addresses=", "logging_collector=off", "log_min_messages=fatal",
}

// postgresServer holds a running server's URL and the function that stops it.
type postgresServer struct {
	url  string
	stop func()
}

// startPostgres creates a cluster in a temporary folder and starts its server. Only a Unix
// socket in that folder reaches it.
func startPostgres() (*postgresServer, error) {
	made, err := makeCluster()
	if err != nil {
		return nil, err
	}
	cmd, gone, err := made.run()
	if err != nil {
		return nil, errors.Join(err, made.remove())
	}
	return &postgresServer{url: made.url(), stop: func() {
		end(cmd, gone)
		made.remove() //nolint:errcheck // a folder that stays is swept by the next process
	}}, nil
}

// cluster describes a PostgreSQL data folder and the program that serves it.
type cluster struct {
	folder, program string
	port            string // of 127.0.0.1 besides the socket, "" for none
	attributes      *syscall.SysProcAttr
}

// makeCluster creates an empty cluster in a temporary folder.
func makeCluster() (cluster, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return cluster{}, err
	}
	removeLeftovers()
	folder, err := os.MkdirTemp("", fmt.Sprintf("pirogue-pg-%d-", os.Getpid()))
	if err != nil {
		return cluster{}, fmt.Errorf("make PostgreSQL's folder: %w", err)
	}
	attributes, err := unprivileged(folder)
	made := cluster{folder: folder, program: filepath.Join(bin, "postgres"), attributes: attributes}
	if err != nil {
		return cluster{}, errors.Join(err, made.remove())
	}
	//nolint:gosec,noctx // PostgreSQL's own program; it ends by itself
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--pgdata", made.data(), "--username", "postgres",
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attributes, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return cluster{}, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), made.remove())
	}
	return made, nil
}

// data returns PostgreSQL's data folder.
func (c cluster) data() string { return filepath.Join(c.folder, "data") }

// url returns the postgres:// URL of the server's own database, over the socket.
func (c cluster) url() string {
	url := "postgres://postgres@/postgres?host=" + c.folder
	if c.port != "" { // it is part of the socket's name
		url += "&port=" + c.port
	}
	return url
}

// remove removes the cluster with its data.
func (c cluster) remove() error { return os.RemoveAll(c.folder) }

// run starts a server over the cluster and waits until it responds. settings override
// postgresSettings. The channel closes when the server has ended.
func (c cluster) run(settings ...string) (*exec.Cmd, <-chan struct{}, error) {
	if c.port != "" {
		settings = append(settings, "listen_addresses=127.0.0.1", "port="+c.port)
	}
	args := []string{"-D", c.data(), "-k", c.folder}
	for _, setting := range slices.Concat(postgresSettings, settings) {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(c.program, args...) //nolint:gosec,noctx // PostgreSQL's own program; end stops it
	var log strings.Builder
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = c.attributes, c.folder, &log, &log
	gone, err := startAndWait(cmd)
	if err != nil {
		return nil, nil, err
	}
	s := &postgresServer{url: c.url()}
	for deadline := time.Now().Add(postgresReady); s.exec("SELECT 1") != nil; time.Sleep(postgresPoll) {
		select {
		case <-gone:
			return nil, nil, fmt.Errorf("PostgreSQL ended: %s", log.String())
		default:
		}
		if time.Now().After(deadline) {
			end(cmd, gone)
			return nil, nil, fmt.Errorf("PostgreSQL did not answer within %s: %s", postgresReady, log.String())
		}
	}
	return cmd, gone, nil
}

// postgresPrograms returns the folder that holds initdb and postgres, of the newest version
// installed.
func postgresPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	for _, pattern := range postgresFolders {
		found, err := filepath.Glob(filepath.Join(pattern, "initdb"))
		if err == nil && len(found) > 0 {
			return filepath.Dir(slices.Max(found)), nil
		}
	}
	return "", errors.New("PostgreSQL is not installed: run `make test`, which installs it, or name a server in " +
		serverVariable)
}

// unprivileged returns the attributes of PostgreSQL's processes. They die with this
// process. PostgreSQL refuses root, so under root they belong to a user without rights, who
// owns the folder.
func unprivileged(folder string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(attributes)
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	somebody, err := user.Lookup("postgres")
	if err != nil {
		if somebody, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no other user: %w", err)
		}
	}
	uid, badUID := strconv.ParseUint(somebody.Uid, 10, 32)
	gid, badGID := strconv.ParseUint(somebody.Gid, 10, 32)
	if err := errors.Join(badUID, badGID, os.Chown(folder, int(uid), int(gid))); err != nil {
		return nil, fmt.Errorf("give PostgreSQL's folder to %s: %w", somebody.Username, err)
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, nil
}

// startAndWait starts a process from a thread that lives as long as the process. The kernel
// takes the end of the starting thread for the parent's death.
func startAndWait(cmd *exec.Cmd) (gone <-chan struct{}, err error) {
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // it is stopped by a signal, which is an error to Wait
		}
	}()
	return ended, <-started
}

// end stops the server at once. It kills a server that does not stop within postgresStop.
func end(cmd *exec.Cmd, gone <-chan struct{}) {
	cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // it may have ended by itself
	select {
	case <-gone:
	case <-time.After(postgresStop):
		cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
		<-gone
	}
}

// removeLeftovers removes the folders that killed test processes left.
func removeLeftovers() {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "pirogue-pg-*-*"))
	if err != nil {
		return
	}
	for _, folder := range folders {
		parts := strings.Split(filepath.Base(folder), "-")
		pid, err := strconv.Atoi(parts[len(parts)-2])
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(folder) //nolint:errcheck // the next process tries again
		}
	}
}
