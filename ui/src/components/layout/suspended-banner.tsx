import { Link } from '@tanstack/react-router';
import { Banner } from '@/components/ui/banner';
import { Button } from '@/components/ui/button';

/** Suspended customers may look at everything and change nothing; forms say so too. */
export function SuspendedBanner() {
  return (
    <div className="mx-auto w-full max-w-[1240px] px-4 pt-4 sm:px-8">
      <Banner
        tone="danger"
        title="This account is suspended."
        action={
          <Button asChild size="sm" variant="outline">
            <Link to="/billing">Open billing</Link>
          </Button>
        }
      >
        Your services are not answering, and settings cannot be changed. Everything can still be read.
      </Banner>
    </div>
  );
}
