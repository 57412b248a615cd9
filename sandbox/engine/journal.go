package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// maxLine is the longest journal line that OpenJournal reads. A session is about 1 kB.
const maxLine = 1 << 20 // bytes

// Journal is an append-only file of JSON lines. A line that Append accepted is on the disk:
// it survives kill -9. A nil Journal stores nothing and accepts everything.
//
// Only one process may use a journal at a time.
type Journal struct {
	mu   sync.Mutex
	file *os.File
}

// OpenJournal opens the journal at path. It creates the file and its folder if needed, and
// passes every line to replay, oldest first. It drops a last line cut short by a crash,
// because Append never accepted it. Any other line that replay rejects is an error: a
// simulator must not lose a payment silently.
func OpenJournal(path string, replay func(line []byte) error) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // whoever runs us chose it
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	whole, err := readLines(file, replay)
	if err == nil {
		err = cutAt(file, whole)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read journal %s: %w", filepath.Base(path), err), file.Close())
	}
	return &Journal{file: file}, nil
}

// readLines replays every whole line and returns the offset after the last one.
func readLines(file io.Reader, replay func(line []byte) error) (end int64, err error) {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	for n := 1; lines.Scan(); n++ {
		if err := replay(lines.Bytes()); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(lines.Bytes())) + 1
	}
	return end, lines.Err()
}

// wholeLines splits like bufio.ScanLines but omits an unfinished last line.
func wholeLines(data []byte, _ bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}

// cutAt removes everything after end and leaves the file ready to append.
func cutAt(file *os.File, end int64) error {
	if err := file.Truncate(end); err != nil {
		return err
	}
	_, err := file.Seek(end, io.SeekStart)
	return err
}

// Append writes record as one line and returns when it is on the disk. On an error it
// restores the file's length, so that no half line remains.
func (j *Journal) Append(record any) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode journal line: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	start, err := j.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("find the journal's end: %w", err)
	}
	_, err = j.file.Write(append(line, '\n'))
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("append to journal: %w", errors.Join(err, cutAt(j.file, start)))
	}
	return nil
}

// Close closes the file. Closing twice is harmless. Append fails afterwards.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
