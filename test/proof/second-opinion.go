// Asks golang.org/x/mod/sumdb, which nobody here wrote, whether it accepts our notes, proofs and paths. Reads a question a line as
// JSON and prints an answer a line: "ok", or what is wrong.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Kind             string
	Key, Note        string
	Size, Index      int64
	Root, Leaf, Part tlog.Hash
	Proof            []tlog.Hash
	Level            int
	Width            int
	Path             string
}

func answer(q question) error {
	switch q.Kind {
	case "note":
		verifier, err := note.NewVerifier(q.Key)
		if err != nil {
			return err
		}
		_, err = note.Open([]byte(q.Note), note.VerifierList(verifier))
		return err
	case "inclusion":
		return tlog.CheckRecord(q.Proof, q.Size, q.Root, q.Index, q.Leaf)
	case "consistency":
		return tlog.CheckTree(q.Proof, q.Size, q.Root, q.Index, q.Part)
	case "path":
		tile := tlog.Tile{H: 8, L: q.Level, N: q.Index, W: q.Width}
		if path := tile.Path(); path != "tile/8/"+q.Path {
			return fmt.Errorf("its path is %s", path)
		}
		return nil
	}
	return fmt.Errorf("no such question: %s", q.Kind)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var q question
		err := json.Unmarshal(lines.Bytes(), &q)
		if err == nil {
			err = answer(q)
		}
		if err == nil {
			fmt.Fprintln(out, "ok")
		} else {
			fmt.Fprintln(out, err)
		}
	}
}
