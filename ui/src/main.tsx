import './styles/app.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api';
import { whenSignedOut } from './api/renew';
import { forgetSession } from './features/auth/session';
import { makeRouter } from './router';
import { followTheme } from './stores/ui';

followTheme();
const router = makeRouter(queryClient);

whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === '/login') return;
  void router.navigate({ to: '/login', search: href === '/' ? {} : { redirect: href } }).then(forgetSession);
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
