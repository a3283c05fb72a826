// A client of the ledger made of Go's own sumdb packages: golang.org/x/mod/sumdb/note opens the
// checkpoint and the statement, golang.org/x/mod/sumdb/tlog reads tiles and checks every proof. It
// shares nothing with idnode but the C2SP paths.
//
//	sumdb URL VKEY TOKEN-FILE IDENTIFIER OLD-SIZE MONTH
//
// Prints what it checked, a line each; ends with 1 at the first thing that does not hold.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Height of tiles in C2SP tlog-tiles: 256 hashes.
const tileHeight = 8

type client struct {
	url   string
	token string
}

func (c client) get(path string, auditor bool) ([]byte, error) {
	request, err := http.NewRequest("GET", c.url+path, nil)
	if err != nil {
		return nil, err
	}
	if auditor {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return body, err
}

// The C2SP path of a tile: Go writes tile/8/L/…, C2SP has no height in it, and names the level of
// entry bundles "entries".
func tilePath(tile tlog.Tile) string {
	return "/ledger/" + strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1),
		"tile/data/", "tile/entries/", 1)
}

// tiles is a tlog.TileReader over HTTP.
type tiles struct{ client }

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		body, err := t.get(tilePath(tile), false)
		if err != nil {
			return nil, err
		}
		data = append(data, body)
	}
	return data, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// Entries of a bundle: each a length of two bytes, big-endian, and its bytes.
func entriesOf(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, errors.New("an entry bundle ends in a length")
		}
		size := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+size {
			return nil, errors.New("an entry bundle ends in an entry")
		}
		entries = append(entries, bundle[2:2+size])
		bundle = bundle[2+size:]
	}
	return entries, nil
}

// parseTree reads the three lines of a checkpoint.
func parseTree(text string) (tree tlog.Tree, origin string, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return tree, "", errors.New("a checkpoint has three lines")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, "", err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, "", errors.New("the root is no hash")
	}
	copy(tree.Hash[:], root)
	return tree, lines[0], nil
}

type proof struct {
	Index      string
	TreeSize   string
	Leaf       string
	Hashes     []string
	Checkpoint string
}

func (p proof) hashes() (list []tlog.Hash, err error) {
	for _, text := range p.Hashes {
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(bytes) != tlog.HashSize {
			return nil, errors.New("a proof holds what is no hash")
		}
		var hash tlog.Hash
		copy(hash[:], bytes)
		list = append(list, hash)
	}
	return list, nil
}

func (c client) proof(path string) (p proof, err error) {
	body, err := c.get(path, false)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(body, &p)
}

func (c client) openTree(text []byte, verifiers note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open(text, verifiers)
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, origin, err := parseTree(opened.Text)
	if err == nil && origin != opened.Sigs[0].Name {
		err = errors.New("the origin is not the key's name")
	}
	return tree, err
}

func (c client) run(vkey, identifier string, oldSize int64, month string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	verifiers := note.VerifierList(verifier)
	checkpoint, err := c.get("/ledger/checkpoint", false)
	if err != nil {
		return err
	}
	tree, err := c.openTree(checkpoint, verifiers)
	if err != nil {
		return err
	}
	fmt.Printf("checkpoint of %d leaves\n", tree.N)

	// Every hash that comes out of this reader has been proved to be in the tree.
	reader := tlog.TileHashReader(tree, tiles{c})
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles do not make up the root")
	}
	fmt.Println("tiles make up the root")

	count := int64(0)
	for count < tree.N {
		tile := tlog.Tile{H: tileHeight, L: -1, N: count >> tileHeight, W: 1 << tileHeight}
		if left := tree.N - count; left < 1<<tileHeight {
			tile.W = int(left)
		}
		bundle, err := c.get(tilePath(tile), true)
		if err != nil {
			return err
		}
		entries, err := entriesOf(bundle)
		if err != nil {
			return err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, count+int64(i)))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d is not leaf %d", i, count+int64(i))
			}
		}
		count += int64(len(entries))
		if len(entries) != tile.W {
			return fmt.Errorf("a bundle has %d entries, not %d", len(entries), tile.W)
		}
	}
	fmt.Printf("%d entries are the leaves\n", count)

	inclusion, err := c.proof("/ledger/proof/inclusion?identifier=" + url.QueryEscape(identifier))
	if err != nil {
		return err
	}
	included, err := c.openTree([]byte(inclusion.Checkpoint), verifiers)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(inclusion.Index, 10, 64)
	if err != nil {
		return err
	}
	leaf, err := base64.StdEncoding.DecodeString(inclusion.Leaf)
	if err != nil {
		return err
	}
	if fields := bytes.Split(leaf, []byte("\t")); len(fields) < 2 || string(fields[1]) != identifier {
		return errors.New("the leaf is of another identifier")
	}
	hashes, err := inclusion.hashes()
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(hashes, included.N, included.Hash, index,
		tlog.RecordHash(leaf)); err != nil {
		return err
	}
	fmt.Printf("%s is leaf %d\n", identifier, index)

	consistency, err := c.proof(fmt.Sprintf("/ledger/proof/consistency?from=%d&to=%d", oldSize, tree.N))
	if err != nil {
		return err
	}
	if hashes, err = consistency.hashes(); err != nil {
		return err
	}
	oldRoot, err := tlog.TreeHash(oldSize, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(hashes, tree.N, tree.Hash, oldSize, oldRoot); err != nil {
		return err
	}
	fmt.Printf("consistent with its first %d leaves\n", oldSize)

	text, err := c.get("/ledger/statement/"+month, false)
	if err != nil {
		return err
	}
	statement, err := note.Open(text, verifiers)
	if err != nil {
		return err
	}
	first := strings.SplitN(statement.Text, "\n", 2)[0]
	if first != verifier.Name()+" registration statement v1" {
		return errors.New("not a statement of this origin: " + first)
	}
	if !strings.Contains(statement.Text, "\nmonth: "+month+"\n") {
		return errors.New("a statement of another month")
	}
	fmt.Printf("statement of %s\n", month)
	return nil
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: sumdb URL VKEY TOKEN-FILE IDENTIFIER OLD-SIZE MONTH")
		os.Exit(2)
	}
	token, err := os.ReadFile(os.Args[3])
	if err == nil {
		var oldSize int64
		if oldSize, err = strconv.ParseInt(os.Args[5], 10, 64); err == nil {
			c := client{os.Args[1], strings.TrimSpace(string(token))}
			err = c.run(os.Args[2], os.Args[4], oldSize, os.Args[6])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sumdb:", err)
		os.Exit(1)
	}
}
