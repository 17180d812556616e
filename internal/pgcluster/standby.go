package pgcluster

import (
	"context"
	"fmt"
	"os"
)

// Standby starts a server that follows the cluster and takes queries. The cluster is stopped while its data is copied.
func (c *Cluster) Standby(ctx context.Context) (*Cluster, error) {
	standby, err := c.clone(ctx)
	if err != nil {
		return nil, fmt.Errorf("create a standby: %w", err)
	}
	if err = standby.choosePort(); err == nil {
		err = standby.start(ctx)
	}
	if err != nil {
		_ = standby.Close() // the first error is the one to read
		return nil, err
	}
	return standby, nil
}

// clone copies the data of the cluster, told whom to follow.
func (c *Cluster) clone(ctx context.Context) (_ *Cluster, err error) {
	f, err := newFolder(c.account)
	if err != nil {
		return nil, err
	}
	copied := &Cluster{binDir: c.binDir, account: c.account, folder: f}
	if err := c.Stop(Fast); err != nil {
		return nil, err
	}
	if err = c.account.mkdir(copied.data()); err == nil {
		err = output(ctx, c.account, c.data(), "cp", "-a", c.data()+"/.", copied.data())
	}
	if started := c.Restart(ctx, Fast); err == nil {
		err = started
	}
	if err == nil {
		err = copied.follow(c)
	}
	if err != nil {
		_ = f.remove() // the first error is the one to read
		return nil, err
	}
	shared.retain()
	return copied, nil
}

// follow makes the copy a standby of the primary.
func (c *Cluster) follow(primary *Cluster) error {
	err := c.configure(map[string]string{
		"primary_conninfo":        fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", primary.port),
		"unix_socket_directories": c.data(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(c.data()+"/standby.signal", nil, 0o644)
}
