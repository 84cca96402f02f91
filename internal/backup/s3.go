package backup

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partBytes is how much of a dump is in memory while it is sent. S3 takes 10,000 parts: dumps of up to 160 GB.
const partBytes = 16 << 20

// bucket keeps backups in S3-compatible storage. A dump is sent in parts that become an object only when all have arrived.
type bucket struct {
	client       *minio.Client
	name, prefix string // the prefix ends with a slash, or is empty
}

func openBucket(to *url.URL, c S3) (*bucket, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("backup.s3.endpoint: %w", err)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: endpoint.Scheme == "https", Region: c.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("backup.s3: %w", err)
	}
	prefix := strings.Trim(to.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{client: client, name: to.Host, prefix: prefix}, nil
}

func (b *bucket) put(ctx context.Context, name string, r io.Reader) error {
	_, err := b.client.PutObject(ctx, b.name, b.prefix+name, r, -1, minio.PutObjectOptions{PartSize: partBytes, ContentType: "application/octet-stream"})
	if err != nil {
		return fmt.Errorf("store %s in the bucket %s: %w", name, b.name, err)
	}
	return nil
}

func (b *bucket) get(ctx context.Context, name string) (io.ReadCloser, error) {
	object, err := b.client.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // GetObject itself asks nothing
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("read %s in the bucket %s: %w", name, b.name, err)
	}
	return object, nil
}

func (b *bucket) list(ctx context.Context) (names []string, err error) {
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix}) {
		if object.Err != nil {
			return nil, fmt.Errorf("list the bucket %s: %w", b.name, object.Err)
		}
		names = append(names, strings.TrimPrefix(object.Key, b.prefix))
	}
	return names, nil
}

func (b *bucket) remove(ctx context.Context, name string) error {
	return b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{})
}
