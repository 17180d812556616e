package postgres

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/slowlink"
	"github.com/rapidbyte/rbt/policy"
)

// TestTLS copies over encrypted connections whose certificate is checked.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	src, dst := pgtest.On(t, server), pgtest.On(t, server)
	certificate, key := selfSigned(t)
	src.Exec(t, "COPY (SELECT "+literal(certificate)+") TO PROGRAM 'sed \"s/\\\\\\\\n/\\\\n/g\" > server.crt'")
	src.Exec(t, "COPY (SELECT "+literal(key)+") TO PROGRAM 'umask 077; sed \"s/\\\\\\\\n/\\\\n/g\" > server.key'")
	src.Exec(t, "ALTER SYSTEM SET ssl = on")
	src.Exec(t, "SELECT pg_reload_conf()")

	file := filepath.Join(t.TempDir(), "root.crt")
	if err := os.WriteFile(file, []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*pgtest.DB{src, dst} {
		db.DSN = strings.Replace(db.DSN, "sslmode=disable", "sslmode=verify-full&sslrootcert="+file, 1)
	}
	src.Exec(t, "CREATE TABLE t (id int, a text); INSERT INTO t SELECT i, repeat('x', i % 3000) FROM generate_series(1, 5000) i")
	dst.Exec(t, createMarks+"; CREATE TABLE t (id int, a text)")
	r, w := openLanes(t, src, dst)
	part := connectors.Part{
		Stream: "t", RunID: "r", Mark: 1, Relation: "public.t", Columns: "id, a", Into: "public.t",
		Setting: policy.Setting{knobFormat: policy.EnumValue(formatBinary), knobFlush: policy.IntValue(1 << 20)},
	}
	if _, err := copyPart(context.Background(), r, w, part, 64<<10); err != nil {
		t.Fatal(err)
	}
	encrypted := dst.Query(t, `SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl
		JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'rbt/%'`)
	if got := strings.Join(encrypted[0], " of "); !strings.HasSuffix(got, " of 0") || strings.HasPrefix(got, "0") {
		t.Errorf("connections with and without TLS: %s", got)
	}
	sum := "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM t"
	if diff := cmp.Diff(src.Query(t, sum), dst.Query(t, sum)); diff != "" {
		t.Errorf("rows differ (-source +destination):\n%s", diff)
	}
}

// selfSigned makes a certificate for the loopback address and its key, as PEM.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rbt test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}))
}

// counted is a listener that counts.
type counted struct {
	net.Listener
	accepted atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// TestRefusedTLS holds that a server which has no TLS is asked for it once, where
// the DSN leaves it open.
func TestRefusedTLS(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	dsn, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	link, served := &counted{Listener: listener}, make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { served <- slowlink.Link{}.Serve(ctx, link, dsn.Host) }()
	source := NewSource(Config{DSN: fmt.Sprintf("postgres://postgres@%s%s?sslmode=prefer", listener.Addr(), dsn.Path)}, SourceOptions{})
	for want := int64(3); want <= 5; want++ { // the first asks twice more: on its way, and to be sure
		if _, err := source.Room(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := link.accepted.Load(); got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := source.Room(t.Context()); err == nil || source.cfg.refusesTLS.Load() {
		t.Errorf("error %v; a server that is gone need not refuse TLS when it is back", err)
	}
	for dsn, want := range map[string]bool{
		"host=a sslmode=prefer": true, "host=a sslmode=disable": false, "host=a sslmode=allow": false,
		"host=a sslmode=require": false, "host=a,b sslmode=prefer": false,
	} {
		cfg, err := Config{DSN: dsn}.parse()
		if err != nil {
			t.Fatal(err)
		}
		if got := prefersTLS(cfg); got != want {
			t.Errorf("%s: %t", dsn, got)
		}
	}
}
